"""3x3 convolutions with a quarter of the multiplications: F(4x4, 3x3) of Lavin & Gray (2016), sections 4.1 and 4.3.

The output is divided into tiles of 4x4. With d the 6x6 inputs of a tile and g the kernel, both for one channel,

    Y = A^T [ (G g G^T) * (B^T d B) ] A        * elementwise

For each of the 36 elements, the sum over the channels is one matrix product, [tiles, in] by [in, out]. Additions, which
cost memory traffic, replace multiplications: on a processor this is faster from `CHANNELS` on. Intermediate values are
about ten times larger, so float32's rounding changes features by about 1e-5 of their size.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

from nst.state import Tensor

CHANNELS = 128  # minimum of input and output channels for which this is faster than TensorFlow's convolution
TILE = 4
PLACES = 6  # side of a tile's input, TILE + 2
STRIP = 512  # tiles computed at once: the values between the two transforms then stay in the processor's cache
G = np.array([[-6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, -24]]) / 24
"""The paper's, with the first and last row negative; `_after` subtracts what the paper adds."""


def pays(kernel: np.ndarray) -> bool:
    """Whether this method is faster for `kernel`, `[3,3,in,out]`."""
    return kernel.shape[0] == 3 and min(kernel.shape[2:]) >= CHANNELS


def winograd(kernel: np.ndarray) -> Callable[[Tensor], Tensor]:
    """The convolution `[1,h,w,in]` -> `[1,h,w,out]`, float32, with zero padding; `kernel` is `[3,3,in,out]`."""
    channels, out = kernel.shape[2:]
    transformed = np.einsum("ai,ijck,bj->back", G, kernel, G, optimize=True).astype(np.float32)  # ordered as in _strip
    matrices = [tf.constant(matrix) for matrix in transformed.reshape(PLACES**2, 1, 1, channels, out)]
    convolve = _convolution(channels, out)

    def run(x: Tensor) -> Tensor:
        return tf.ensure_shape(convolve(x, matrices), [*x.shape[:3], out])

    return run


@cache
def _convolution(channels: int, out: int) -> Callable[[Any, Any], Any]:
    """The graph for any height and width, traced once for all layers with these numbers of channels."""

    def convolve(x: Tensor, matrices: Sequence[Any]) -> Tensor:
        height, width = tf.shape(x)[1], tf.shape(x)[2]
        rows, columns = -(-height // TILE), -(-width // TILE)  # of tiles
        strips = tf.minimum(rows, -(-rows * columns // STRIP))
        each = -(-rows // strips)
        below, right = TILE * strips * each - height, TILE * columns - width
        borders: Any = [[1, below + 3], [1, right + 3], [0, 0]]
        x = tf.pad(x[0], borders)
        x = tf.reshape(x, [strips * each + 1, TILE, TILE * (columns + 1), channels])
        y = tf.map_fn(
            lambda strip: _strip(x[strip * each : (strip + 1) * each + 1], matrices),
            tf.range(strips),
            parallel_iterations=1,
            fn_output_signature=tf.TensorSpec([None, None, out]),
        )
        return tf.reshape(y, [1, TILE * strips * each, TILE * columns, out])[:, :height, :width]

    graph: Any = tf.function(convolve, autograph=False, experimental_attributes={"_noinline": True})
    return graph.get_concrete_function(
        tf.TensorSpec([1, None, None, channels]), [tf.TensorSpec([1, 1, channels, out])] * PLACES**2
    )


def _strip(x: Tensor, matrices: Sequence[Any]) -> Tensor:
    """Rows of tiles `[rows + 1, 4, 4 (columns + 1), in]` -> `[4 rows, 4 columns, out]`; inputs of tiles overlap."""
    channels, out = matrices[0].shape[-2:]
    rows, columns = tf.shape(x)[0] - 1, tf.shape(x)[2] // TILE - 1
    x = tf.stack(_before([*tf.unstack(x[:-1], axis=1), *tf.unstack(x[1:, :2], axis=1)]))
    x = tf.reshape(x, [PLACES * rows, columns + 1, TILE, channels])
    x = _before([*tf.unstack(x[:, :-1], axis=2), *tf.unstack(x[:, 1:, :2], axis=2)])
    x = [tf.unstack(tf.reshape(part, [PLACES, 1, rows, columns, channels])) for part in x]
    y = [
        tf.stack([tf.nn.conv2d(part, matrices[PLACES * b + a], 1, "VALID") for a, part in enumerate(parts)])
        for b, parts in enumerate(x)
    ]  # a 1x1 convolution is TensorFlow's fastest matrix product
    y = tf.reshape(tf.stack(_after(y), axis=4), [PLACES, rows, TILE * columns, out])
    return tf.reshape(tf.stack(_after(tf.unstack(y)), axis=1), [TILE * rows, TILE * columns, out])


def _before(d: Sequence[Any]) -> list[Any]:
    """B^T d."""
    outer, inner = d[4] - 4 * d[2], d[3] - 4 * d[1]
    even, odd = d[4] - d[2], 2 * (d[3] - d[1])
    return [
        4 * (d[0] - d[2]) + even,
        outer + inner,
        outer - inner,
        even + odd,
        even - odd,
        d[5] - d[3] - 2 * odd,
    ]


def _after(m: Sequence[Any]) -> list[Any]:
    """A^T m.

    No row is a sum of three terms: TensorFlow would add them in an order that depends on its threads, and round
    differently from call to call.
    """
    near, far = m[1] + m[2], m[3] + m[4]
    tilt, slope = m[1] - m[2], m[3] - m[4]
    return [near + far - m[0], tilt + 2 * slope, near + 4 * far, tilt + 8 * slope - m[5]]
