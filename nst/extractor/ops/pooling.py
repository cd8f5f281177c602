"""Poolings of 2x2 positions as pairs of functions, forward and backward, with compact tensors between them.

TensorFlow's gradient of max pooling keeps input and output. Here it is pairs of columns, then pairs of rows, with one
bit per pair: whether the second value is larger. Of equal values the first gets the gradient, as in TensorFlow.
"""

from typing import NamedTuple

import tensorflow as tf

from nst.extractor.ops.bits import packed, unpacked
from nst.extractor.options import POOLINGS
from nst.image.crop import crop
from nst.state import Tensor


class Kept(NamedTuple):
    """What the backward pass of a pooling needs."""

    size: Tensor  # height and width of the input, `[2]`
    values: tuple[Tensor, ...]  # bits of columns and rows, or the input, or nothing


def forward(pooling: str, x: Tensor) -> tuple[Tensor, Kept]:
    """`[1,h,w,C]` -> `[1,h // 2,w // 2,C]`, as with `POOLINGS[pooling]`, and what `backward` needs."""
    size = tf.shape(x)[1:3]
    if pooling == "max":
        y, values = _max(x)
        return y, Kept(size, values)
    return POOLINGS[pooling](x, 2, 2, "VALID"), Kept(size, (x,) if pooling == "l2" else ())


def backward(pooling: str, kept: Kept, upstream: Tensor) -> Tensor:
    """The gradient with respect to the input, `[1,h,w,C]`, from that of the output."""
    if pooling == "max":
        return _spread(kept, upstream)
    height, width = tf.unstack(kept.size)
    x = kept.values[0] if kept.values else tf.zeros([1, height, width, upstream.shape[-1]], upstream.dtype)
    with tf.GradientTape() as tape:  # average pooling is linear: its gradient is the same everywhere
        tape.watch(x)
        y = POOLINGS[pooling](x, 2, 2, "VALID")
    return tape.gradient([y], x, [upstream])


def _max(x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    (_, height, width, _), channels = tf.unstack(tf.shape(x)), x.shape[-1]
    even = crop(x, bottom=height % 2, right=width % 2)
    columns, is_right = _larger(tf.reshape(even, [height // 2 * 2, width // 2, 2, channels]))
    rows, is_lower = _larger(tf.reshape(columns, [1, height // 2, 2, width // 2 * channels]))
    return tf.reshape(rows, [1, height // 2, width // 2, channels]), (is_right, is_lower)


def _larger(pairs: Tensor) -> tuple[Tensor, Tensor]:
    """`[a,b,2,c]` -> the larger value of each pair, `[a,b,c]`, and whether it is the second, as bits."""
    first, second = tf.unstack(pairs, axis=2)
    return tf.maximum(first, second), packed(second > first)


def _spread(kept: Kept, upstream: Tensor) -> Tensor:
    """Each value at the place of its maximum, 0 elsewhere."""
    is_right, is_lower = kept.values
    (height, width), channels = tf.unstack(kept.size), upstream.shape[-1]
    rows = tf.reshape(upstream, [1, height // 2, width // 2 * channels])
    columns = tf.reshape(_apart(rows, is_lower), [height // 2 * 2, width // 2, channels])
    even = tf.reshape(_apart(columns, is_right), [1, height // 2 * 2, width // 2 * 2, channels])
    return tf.pad(even, [[0, 0], [0, height % 2], [0, width % 2], [0, 0]])


def _apart(values: Tensor, is_second: Tensor) -> Tensor:
    """`[a,b,c]` -> `[a,b,2,c]`: each value at its place in a pair, and a 0."""
    second, none = unpacked(is_second, values), tf.zeros([], values.dtype)
    return tf.stack([tf.where(second, none, values), tf.where(second, values, none)], axis=2)
