"""How a network computes."""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from nst.errors import check_name
from nst.extractor.ops.convolution import PADDINGS
from nst.state import Tensor


def l2_pool2d(x: Tensor, size: int, stride: int, padding: Any) -> Tensor:
    """.78 times the root of the sum of squares: with it features are as large as with the maximum (crowsonkb)."""
    squares = size**2 * tf.nn.avg_pool2d(tf.cast(x, tf.float32) ** 2, size, stride, padding)
    return tf.cast(0.78 * tf.sqrt(squares + 1e-12), x.dtype)  # the root of 0 has no slope


POOLINGS = {"max": tf.nn.max_pool2d, "avg": tf.nn.avg_pool2d, "l2": l2_pool2d}


@dataclass(frozen=True)
class Options:
    """How a network computes. The defaults are how its weights were trained.

    Args:
        pooling: between the blocks: `max` as trained, `avg` as Gatys et al. (2016, section 2) prefer, or `l2`.
        padding: beyond the edge, for a convolution: `zero` as trained, `reflect`, `replicate`.
        precision: `float32` or `bfloat16`, of all convolutions but the first: bfloat16 has eight bits, no more than a
            picture, and the picture's gradient needs more.
        convolution: `direct` or `winograd` (`nst.extractor.ops.convolution`).

    Raises:
        InputError: an unknown pooling or padding.
    """

    pooling: str = "max"
    padding: str = "zero"
    precision: str = "float32"
    convolution: str = "direct"

    def __post_init__(self) -> None:
        check_name("extractor.pooling", self.pooling, POOLINGS)
        check_name("extractor.padding", self.padding, PADDINGS)


AS_TRAINED = Options()
