"""The picture of the lowest loss among all that an optimizer came by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from nst.optimizer.kept import Kept
from nst.record import Point


class Lowest(NamedTuple):
    """So far."""

    image: Any  # [1,H,W,3]
    total: Any  # scalar


@dataclass(frozen=True)
class Best(Kept):
    """For methods whose loss may rise: Adam and SGD with large learning rates. L-BFGS's never does."""

    def nothing(self, image: Any) -> Lowest:
        """Anything is lower."""
        return Lowest(tf.zeros_like(image), tf.constant(float("inf"), image.dtype))

    def kept(self, before: Lowest, point: Point) -> Lowest:
        """The lower of the two."""
        lower = point.total < before.total
        pairs = zip((point.image, point.total), before, strict=True)
        return Lowest(*(tf.where(lower, new, old) for new, old in pairs))

    def picture(self, kept: Lowest) -> Any:
        """That picture."""
        return kept.image
