"""The lowest-loss picture that another optimizer visits."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from nst.optimizer.wrapper import Wrapper
from nst.state import Image, Point, Scalar, Tensor


class Lowest(NamedTuple):
    """The lowest point so far."""

    image: Image  # [1,H,W,3]
    total: Scalar


@dataclass(frozen=True)
class Best(Wrapper):
    """Ends each level with its lowest-loss picture. Useful if the loss may rise (Adam, SGD); with L-BFGS it never does.

    Args:
        optimizer: any other optimizer, with its own settings.
    """

    def empty(self, image: Image) -> Lowest:
        """An infinite loss."""
        return Lowest(tf.zeros_like(image), tf.constant(float("inf"), image.dtype))

    def updated(self, before: Lowest, point: Point) -> Lowest:
        """The lower of `before` and `point`."""
        lower = point.total < before.total
        pairs = zip((point.image, point.total), before, strict=True)
        return Lowest(*(tf.where(lower, new, old) for new, old in pairs))

    def picture(self, memory: Lowest) -> Tensor:
        """The lowest-loss picture."""
        return memory.image
