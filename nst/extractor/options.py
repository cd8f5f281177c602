"""Options of a network: pooling, padding, precision and convolution."""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from nst.errors import check_name
from nst.extractor.ops.convolution import PADDINGS
from nst.state import Tensor


def l2_pool2d(x: Tensor, size: int, stride: int, padding: Any) -> Tensor:
    """0.78 times the root of the sum of squares; features are then about as large as with max pooling (crowsonkb)."""
    squares = size**2 * tf.nn.avg_pool2d(tf.cast(x, tf.float32) ** 2, size, stride, padding)
    return tf.cast(0.78 * tf.sqrt(squares + 1e-12), x.dtype)  # sqrt has no finite gradient at 0


POOLINGS = {"max": tf.nn.max_pool2d, "avg": tf.nn.avg_pool2d, "l2": l2_pool2d}


@dataclass(frozen=True)
class Options:
    """Options of a network; the defaults are those of its training.

    Args:
        pooling: between blocks: `max` as in training, `avg` as preferred by Gatys et al. (2016, section 2), or `l2`.
        padding: values beyond the edge in a convolution: `zero` as in training, `reflect` or `replicate`.
        precision: `float32` or `bfloat16`. The first convolution always computes in float32: bfloat16 has 8 significant
            bits, too few for the gradient of the picture.
        convolution: `direct` or `winograd` (`nst.extractor.ops.convolution`).

    Raises:
        InputError: `pooling` or `padding` is unknown.
    """

    pooling: str = "max"
    padding: str = "zero"
    precision: str = "float32"
    convolution: str = "direct"

    def __post_init__(self) -> None:
        check_name("extractor.pooling", self.pooling, POOLINGS)
        check_name("extractor.padding", self.padding, PADDINGS)


AS_TRAINED = Options()
