"""What every optimizer offers: settings in the object, everything that changes in the state, which goes in and out.

So a checkpoint is (point, state), one loop serves every method, and the same object serves any number of runs.
All of it is TensorFlow and works eagerly and inside `tf.function`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import tensorflow as tf

from nst.record import Point

Evaluate = Callable[[Any], Point]  # a picture -> its loss and gradient: one evaluation


class Step(NamedTuple):
    """What one step gives back."""

    point: Point
    state: Any
    evaluations: Any  # how many the step took, at least 1
    converged: Any  # no way down was found from here


class Optimizer(Protocol):
    """Settings and two pure functions."""

    def init(self, image: Any) -> Any:
        """The state before the first step, for pictures of this shape."""
        ...

    def step(self, evaluate: Evaluate, point: Point, state: Any, budget: int) -> Step:
        """One step on from `point`, in at most `budget` evaluations, of which there is at least one."""
        ...


def finished(optimizer: Optimizer, evaluate: Evaluate, point: Point, state: Any) -> tuple[Point, int]:
    """(what a level ends with that is stopped at `point` with evaluations to spare, how many that took).

    It is `point` itself, unless the optimizer has a `finish(evaluate, point, state) -> Point` of one evaluation.
    """
    finish = getattr(optimizer, "finish", None)
    return (finish(evaluate, point, state), 1) if finish else (point, 0)


def boxed(image: Any, box: bool) -> Any:
    """`image` with its values held in 0..1 where `box` says so."""
    return tf.clip_by_value(image, 0.0, 1.0) if box else image
