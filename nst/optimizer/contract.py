"""What every optimizer offers: settings in the object, everything that changes in the state, which goes in and out.

So a checkpoint is (point, state), one loop serves every method, and the same object serves any number of runs.
All of it is TensorFlow; `step` works eagerly and inside `tf.function`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from nst.state import Image, Point, Scalar, Tensor

State = Any  # a structure of tensors, of the same form from step to step
Evaluate = Callable[[Image], Point]  # a picture -> its loss and gradient: one evaluation


class Step(NamedTuple):
    """What one step gives back."""

    point: Point
    state: State
    evaluations: int | Scalar  # how many the step took, at least 1
    converged: bool | Scalar  # no lower loss was found from here


class Optimizer(ABC):
    """Settings and pure functions; what is not abstract has a default that most optimizers keep."""

    line_search: ClassVar[bool] = False  # whether it needs one and the same function throughout a level

    @abstractmethod
    def init(self, image: Image) -> State:
        """The state before the first step, for pictures of the shape of `image`."""

    @abstractmethod
    def step(self, evaluate: Evaluate, point: Point, state: State, budget: int) -> Step:
        """One step on from `point`, in at most `budget` evaluations, of which there is at least one."""

    def carried(self, state: State, image: Image) -> State:
        """The state at the start of a level, for pictures of the shape of `image`.

        Args:
            state: at the end of the level before; its structure is that of `init`.
            image: the first picture of the level.
        """
        del state
        return self.init(image)

    def finish(self, evaluate: Evaluate, point: Point, state: State) -> tuple[Point, int]:
        """(what a level ends with that is stopped at `point` with evaluations to spare, how many that took)."""
        del evaluate, state
        return point, 0


def boxed(image: Image, box: bool) -> Tensor:
    """`image` with its values held in 0..1 where `box` says so."""
    return tf.clip_by_value(image, 0.0, 1.0) if box else image
