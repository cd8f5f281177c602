"""What every optimizer offers: settings in the object, everything that changes in the state, which goes in and out.

So a checkpoint is (point, state), one loop serves every method, and the same object serves any number of runs.
All of it is TensorFlow; `step` works eagerly and inside `tf.function`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from nst.record import Point

Evaluate = Callable[[Any], Point]  # a picture -> its loss and gradient: one evaluation


class Step(NamedTuple):
    """What one step gives back."""

    point: Point
    state: Any
    evaluations: Any  # how many the step took, at least 1
    converged: Any  # no way down was found from here


class Optimizer(ABC):
    """Settings and pure functions; what is not abstract has a default that most optimizers keep."""

    line_search: ClassVar[bool] = False  # whether it needs one and the same function throughout a level

    @abstractmethod
    def init(self, image: Any) -> Any:
        """The state before the first step, for pictures of the shape of `image`."""

    @abstractmethod
    def step(self, evaluate: Evaluate, point: Point, state: Any, budget: int) -> Step:
        """One step on from `point`, in at most `budget` evaluations, of which there is at least one."""

    def carried(self, state: Any, image: Any) -> Any:
        """The state at the start of a level, for pictures of the shape of `image`.

        Args:
            state: at the end of the level before; its structure is that of `init`.
            image: the first picture of the level.
        """
        del state
        return self.init(image)

    def finish(self, evaluate: Evaluate, point: Point, state: Any) -> tuple[Point, int]:
        """(what a level ends with that is stopped at `point` with evaluations to spare, how many that took)."""
        del evaluate, state
        return point, 0


def boxed(image: Any, box: bool) -> Any:
    """`image` with its values held in 0..1 where `box` says so."""
    return tf.clip_by_value(image, 0.0, 1.0) if box else image
