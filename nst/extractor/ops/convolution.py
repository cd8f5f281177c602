"""A layer of the network: convolution, bias, ReLU, and the gradient with respect to the input only.

The weights are fixed, so style transfer needs no other gradient. The backward pass is a convolution with the rotated
kernel: on a processor, TensorFlow's own gradient builds a matrix nine times as large as the features.
"""

from collections.abc import Callable, Sequence
from functools import cached_property, reduce
from typing import Any

import numpy as np
import tensorflow as tf

from nst.errors import InputError
from nst.extractor.ops import few_channels, winograd
from nst.extractor.ops.bits import packed, unpacked
from nst.image.crop import crop
from nst.state import Tensor

Convolution = Callable[[Tensor], Tensor]
METHODS = ("auto", "direct", "winograd")
PADDINGS = {"zero": None, "reflect": "REFLECT", "replicate": "SYMMETRIC"}  # modes of tf.pad, for a border of one pixel

BORDER = [[0, 0], [1, 1], [1, 1], [0, 0]]  # paddings of tf.pad, for a border of one pixel


def resolve(method: str, precision: str) -> str:
    """Return `direct` or `winograd`; `auto` is `winograd` for float32 without a GPU (a GPU's library chooses itself).

    Raises:
        InputError: `winograd` with a precision other than float32.
    """
    if method == "auto":
        slow = precision == "float32" and not tf.config.list_physical_devices("GPU")
        return "winograd" if slow else "direct"
    if method == "winograd" and precision != "float32":
        raise InputError(f"extractor.convolution=winograd needs precision=float32, not {precision}")
    return method


class Layer:
    """max(conv(x) + bias, 0); for the backward pass it keeps one byte per value: whether it is above 0.

    Args:
        kernels: `[3,3,in,out]`, or several, applied one after the other; all but one are `[1,1,in,out]`.
        bias: `[out]`.
        precision: `float32` or `bfloat16`; the input is cast to it.
        method: `direct`, or `winograd` (float32 only), which is used where it is faster.
        padding: a key of `PADDINGS`.
    """

    def __init__(
        self, kernels: Sequence[np.ndarray], bias: np.ndarray, *, precision: str, method: str, padding: str = "zero"
    ) -> None:
        self._edge = PADDINGS[padding]
        self._kernels = kernels
        self._precision = precision
        self._winograd = method == "winograd"
        self._bias = tf.constant(bias, precision)

    def __call__(self, x: Tensor, *, gradient: bool = True) -> Tensor:
        """`[1,h,w,in]` -> `[1,h,w,out]`; `gradient`: whether it can be differentiated with respect to `x`."""
        return self._within_edges(self._differentiable if gradient else self._activated, x)

    def _differentiable(self, x: Tensor) -> Any:

        @tf.custom_gradient
        def run(x: Tensor) -> Tensor:
            y = self._activated(x)
            above = y > 0
            return y, lambda upstream: self._backward(tf.where(above, upstream, tf.zeros([], upstream.dtype)))

        return run(x)

    def recorded(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The output for `x`, not to be differentiated, and what `pulled` needs: a bit per value."""
        y = self(x, gradient=False)
        return y, packed(y > 0)

    def pulled(self, above: Tensor, upstream: Tensor) -> Tensor:
        """The gradient with respect to the input, `[1,h,w,in]`, from that of the output and the bits of `recorded`."""
        upstream = tf.cast(upstream, self._precision)
        passed = tf.where(unpacked(above, upstream), upstream, tf.zeros([], upstream.dtype))
        if self._edge is None:
            return self._backward(passed)
        return _folded(self._backward(tf.pad(passed, BORDER)), self._edge)

    def _within_edges(self, layer: Convolution, x: Tensor) -> Any:
        """Apply `layer` to `x` with a border of one pixel, and crop the border of the result."""
        x = tf.cast(x, self._precision)
        if self._edge is None:
            return layer(x)
        return crop(layer(tf.pad(x, BORDER, self._edge)), 1, 1, 1, 1)

    def _activated(self, x: Tensor) -> Tensor:
        return tf.nn.relu(tf.nn.bias_add(self._forward(x), self._bias))

    @cached_property
    def _forward(self) -> Convolution:
        return self._with(self._kernels)

    @cached_property
    def _backward(self) -> Convolution:
        return self._with([kernel[::-1, ::-1].swapaxes(2, 3) for kernel in reversed(self._kernels)])

    def _with(self, kernels: Sequence[np.ndarray]) -> Convolution:
        """Return the convolution with `kernels`; its constants are created outside of any graph."""
        with tf.init_scope():
            steps = [self._step(kernel) for kernel in kernels]
        return lambda x: reduce(lambda found, step: step(found), steps, x)

    def _step(self, kernel: np.ndarray) -> Convolution:
        if self._winograd and winograd.pays(kernel):
            return winograd.winograd(kernel)
        if few_channels.pays(kernel):
            return few_channels.few_channels(kernel, self._precision)
        tensor = tf.constant(kernel, self._precision)
        return lambda x: tf.nn.conv2d(x, tensor, 1, "SAME")


def _folded(gradient: Tensor, edge: str) -> Tensor:
    """The gradient with respect to `x` from that with respect to `tf.pad(x, BORDER, edge)`."""
    return tf.raw_ops.MirrorPadGrad(input=gradient, paddings=BORDER, mode=edge)
