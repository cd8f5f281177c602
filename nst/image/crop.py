"""Crop a tensor. TensorFlow's own gradient of a slice is five times slower on a processor."""

from typing import Any

import tensorflow as tf

from nst.state import Tensor


def crop(x: Tensor, top: int = 0, bottom: int = 0, left: int = 0, right: int = 0) -> Any:
    """`[N,h,w,C]` -> x without so many rows and columns at its edges; the gradient is padded with zeros."""

    @tf.custom_gradient
    def run(x: Tensor) -> Tensor:
        inside = x[:, top : tf.shape(x)[1] - bottom, left : tf.shape(x)[2] - right]
        return inside, lambda upstream: tf.pad(upstream, [[0, 0], [top, bottom], [left, right], [0, 0]])

    return run(x)
