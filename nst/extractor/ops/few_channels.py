"""3x3 convolutions with at most 4 output channels, computing 2x2 positions per step.

The last convolution of the backward pass is one: its output is the gradient of a picture, with 3 channels. A processor
computes sixteen channels together. So a 4x4 kernel with stride 2 computes the 2x2 positions of a tile as channels,
which are then rearranged in space: twice as fast.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from nst.state import Tensor

TILE = 2
CHANNELS = 4  # maximum number of output channels for which this is faster
BORDERS: Any = [[0, 0], [1, TILE], [1, TILE], [0, 0]]  # of zeros; the surplus of an odd side is cropped


def pays(kernel: np.ndarray) -> bool:
    """Whether this method is used for `kernel`, `[3,3,in,out]`."""
    return kernel.shape[0] == 3 and kernel.shape[3] <= CHANNELS


def few_channels(kernel: np.ndarray, precision: str) -> Callable[[Tensor], Tensor]:
    """The convolution `[1,h,w,in]` -> `[1,h,w,out]`, with zero padding; `kernel` is `[3,3,in,out]`."""
    tiles = tf.constant(_tiled(kernel), precision)

    def run(x: Tensor) -> Tensor:
        y = tf.nn.depth_to_space(tf.nn.conv2d(x, tiles, TILE, BORDERS), TILE)
        return tf.ensure_shape(y[:, : tf.shape(x)[1], : tf.shape(x)[2]], [*x.shape[:3], kernel.shape[3]])

    return run


def _tiled(kernel: np.ndarray) -> np.ndarray:
    """`[3,3,in,out]` -> `[4,4,in,4 out]`: the kernel at each position of a tile."""
    channels, out = kernel.shape[2:]
    tiled = np.zeros((TILE + 2, TILE + 2, channels, TILE, TILE, out), kernel.dtype)
    for y, x in np.ndindex(TILE, TILE):
        tiled[y : y + 3, x : x + 3, :, y, x] = kernel
    return tiled.reshape(TILE + 2, TILE + 2, channels, TILE**2 * out)
