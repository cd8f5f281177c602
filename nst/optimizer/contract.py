"""Contract of optimizers: the object holds settings, the state holds everything that changes and goes in and out.

So (point, state) is a checkpoint, one loop runs every method, and one object can run any number of times.
All methods use TensorFlow; `step` works eagerly and inside `tf.function`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from nst.state import Image, Point, Scalar, Tensor

State = Any  # a structure of tensors that stays the same from step to step
Evaluate = Callable[[Image], Point]  # a picture -> its loss and gradient: one evaluation


class Step(NamedTuple):
    """The result of one step."""

    point: Point
    state: State
    evaluations: int | Scalar  # of this step, at least 1
    converged: bool | Scalar  # whether the step found no lower loss, so that the level ends


class Optimizer(ABC):
    """Base class of optimizers: settings and pure functions. The defaults of `carried` and `finish` suit most."""

    line_search: ClassVar[bool] = False  # whether it needs the same function at every step of a level

    @abstractmethod
    def init(self, image: Image) -> State:
        """The state before the first step, for pictures of the shape of `image` `[1,H,W,3]`."""

    @abstractmethod
    def step(self, evaluate: Evaluate, point: Point, state: State, budget: int) -> Step:
        """Take one step.

        Args:
            evaluate: a picture -> its loss and gradient.
            point: the current picture, evaluated.
            state: from `init`, `carried`, or the step before.
            budget: evaluations that the step may take, at least 1; it takes 1 to `budget`.
        """

    def pictures(self, height: int, width: int) -> int:
        """The pictures in memory that the state at this size takes: its values, divided by those of a picture."""
        del height, width
        return pictures_of(self.init(tf.zeros([1, 1, 1, 3])))

    def carried(self, state: State, image: Image) -> State:
        """The state at the start of the next level; by default a new one.

        Args:
            state: the state at the end of the level before; its structure is that of `init`.
            image: the first picture of the new level, `[1,H,W,3]`.
        """
        del state
        return self.init(image)

    def finish(self, evaluate: Evaluate, point: Point, state: State) -> tuple[Point, int]:
        """(the point that a level ends with, evaluations taken: 0 or 1), if it stops early at `point`."""
        del evaluate, state
        return point, 0


def pictures_of(state: State) -> int:
    """The values in `state`, divided by those of a picture, which is here 1x1."""
    return sum(leaf.shape.num_elements() // 3 for leaf in tf.nest.flatten(state))


def boxed(image: Image, box: bool) -> Tensor:
    """`image`, clipped to 0..1 if `box`."""
    return tf.clip_by_value(image, 0.0, 1.0) if box else image
