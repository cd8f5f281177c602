"""A decaying average of another optimizer's pictures (Polyak & Juditsky 1992), as in crowsonkb's style_transfer."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from nst.errors import check_number
from nst.optimizer.wrapper import Wrapper
from nst.state import Image, Point, Scalar, Tensor


class Average(NamedTuple):
    """Sums over the pictures so far; the average is total / share."""

    total: Tensor  # [1,H,W,3]; starts at 0; then decay x total + (1 - decay) x picture
    share: Scalar  # starts at 0; then decay x share + (1 - decay)


@dataclass(frozen=True)
class Averaged(Wrapper):
    """Ends each level with the average picture: this removes the noise of Adam and SGD from step to step.

    Args:
        optimizer: any other optimizer, with its own settings.
        decay: factor on a picture's weight per later step, at least 0, below 1; 0.99 averages about the last 100.

    Raises:
        InputError: `decay` is outside its range, or `optimizer` is no optimizer.
    """

    decay: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("optimizer.decay", self.decay, at_least=0, below=1)

    def empty(self, image: Image) -> Average:
        """Zero: no picture yet."""
        return Average(tf.zeros_like(image), tf.zeros([], image.dtype))

    def updated(self, before: Average, point: Point) -> Average:
        """The sums with `point` added. Division by the share is Adam's bias correction (Kingma & Ba, section 3)."""
        return Average(
            *(self.decay * old + (1 - self.decay) * new for old, new in zip(before, (point.image, 1.0), strict=True))
        )

    def picture(self, memory: Average) -> Tensor:
        """The average."""
        return memory.total / memory.share
