"""Crop a tensor, with a fast gradient."""

from typing import Any

import tensorflow as tf

from nst.state import Tensor


def crop(x: Tensor, top: int = 0, bottom: int = 0, left: int = 0, right: int = 0) -> Any:
    """`[N,h,w,C]` -> x without so many rows and columns at its edges.

    The gradient of `tf.slice` pads with zeros. That of Python's slices, `x[:, 1:-1]`, takes five times as long on a
    processor.
    """
    count, height, width, channels = tf.unstack(tf.shape(x))
    return tf.slice(x, [0, top, left, 0], [count, height - top - bottom, width - left - right, channels])
