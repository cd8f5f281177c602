"""Gradient descent with momentum, in Keras's form of SGD (here it is not stochastic)."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from nst.errors import check_flag, check_number
from nst.optimizer.contract import Evaluate, Optimizer, Step, boxed
from nst.optimizer.schedule import Scheduled
from nst.state import Image, Point, Scalar, Tensor


class Motion(NamedTuple):
    """SGD's state."""

    step: Scalar  # updates so far
    velocity: Tensor


@dataclass(frozen=True)
class SGD(Scheduled, Optimizer):
    """v <- momentum v - learning_rate g;  x <- x + v, or with Nesterov x + momentum v - learning_rate g.

    See `Scheduled` for the settings of the learning rate's schedule.

    Args:
        learning_rate: above 0, for a picture in 0..1.
        momentum: at least 0, below 1.
        nesterov: whether to use Nesterov momentum (Sutskever et al. 2013, equations 3-4, rearranged as in Keras).
        box: whether to clip the picture to 0..1 after every step.

    Raises:
        InputError: a value outside its range.
    """

    learning_rate: float = 0.5
    momentum: float = 0.9
    nesterov: bool = False
    box: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_flag("optimizer.box", self.box)
        check_flag("optimizer.nesterov", self.nesterov)
        check_number("optimizer.learning_rate", self.learning_rate, above=0)
        check_number("optimizer.momentum", self.momentum, at_least=0, below=1)

    def init(self, image: Image) -> Motion:
        """Zero velocity."""
        return Motion(tf.zeros([], image.dtype), tf.zeros_like(image))

    def step(self, evaluate: Evaluate, point: Point, state: Motion, budget: int) -> Step:
        """One update, one evaluation."""
        del budget
        push = -self.learning_rate * self.factor(state.step) * point.gradient
        velocity = self.momentum * state.velocity + push
        move = self.momentum * velocity + push if self.nesterov else velocity
        return Step(evaluate(boxed(point.image + move, self.box)), Motion(state.step + 1, velocity), 1, False)
