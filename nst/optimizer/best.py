"""The lowest-loss picture visited."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from nst.optimizer.wrapper import Wrapper
from nst.state import Image, Point, Scalar, Tensor


class Lowest(NamedTuple):
    """So far."""

    image: Image  # [1,H,W,3]
    total: Scalar


@dataclass(frozen=True)
class Best(Wrapper):
    """For methods whose loss may rise: Adam and SGD with large learning rates. L-BFGS's never does."""

    def empty(self, image: Image) -> Lowest:
        """Anything is lower."""
        return Lowest(tf.zeros_like(image), tf.constant(float("inf"), image.dtype))

    def updated(self, before: Lowest, point: Point) -> Lowest:
        """The lower of the two."""
        lower = point.total < before.total
        pairs = zip((point.image, point.total), before, strict=True)
        return Lowest(*(tf.where(lower, new, old) for new, old in pairs))

    def picture(self, memory: Lowest) -> Tensor:
        """That picture."""
        return memory.image
