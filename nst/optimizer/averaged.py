"""The average of an optimizer's pictures (Polyak & Juditsky 1992), recent ones counting more, as crowsonkb takes it."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from nst.errors import check_number
from nst.optimizer.wrapper import Wrapper
from nst.state import Image, Point, Scalar, Tensor


class Average(NamedTuple):
    """Of the pictures so far, undivided."""

    total: Tensor  # [1,H,W,3]: decay x total + (1 - decay) x picture, from 0
    share: Scalar  # scalar: the same of 1, which the total is divided by


@dataclass(frozen=True)
class Averaged(Wrapper):
    """Takes what is restless out of Adam's and SGD's pictures: noise that changes from step to step.

    Args:
        decay: of a picture's weight with each step after it, 0 up to, not including, 1: 0.99 averages about the last
            hundred.
    """

    decay: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("optimizer.decay", self.decay, at_least=0, below=1)

    def empty(self, image: Image) -> Average:
        """No picture."""
        return Average(tf.zeros_like(image), tf.zeros([], image.dtype))

    def updated(self, before: Average, point: Point) -> Average:
        """Adam's bias correction (Kingma & Ba 2015, section 3) is the share."""
        return Average(
            *(self.decay * old + (1 - self.decay) * new for old, new in zip(before, (point.image, 1.0), strict=True))
        )

    def picture(self, memory: Average) -> Tensor:
        """The average."""
        return memory.total / memory.share
