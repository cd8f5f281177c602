"""Adam (Kingma & Ba 2015, algorithm 1 with the efficient order of computation at the end of section 2, as Keras)."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from nst.errors import check_flag, check_number
from nst.optimizer.contract import Evaluate, Optimizer, Step, boxed
from nst.optimizer.schedule import Scheduled
from nst.state import Image, Point, Scalar, Tensor


class Moments(NamedTuple):
    """Adam's state: two decaying averages."""

    step: Scalar  # updates so far
    mean: Tensor  # of the gradients
    square: Tensor  # of the squared gradients


@dataclass(frozen=True)
class Adam(Scheduled, Optimizer):
    """Adam: every value of the picture changes by about `learning_rate` per step.

    See `Scheduled` for the settings of the learning rate's schedule.

    Args:
        learning_rate: above 0, for a picture in 0..1 (divide a rate for 0..255 by 255).
        beta_1: decay of the mean, at least 0, below 1.
        beta_2: decay of the mean square, at least 0, below 1.
        epsilon: above 0; added to the root of the uncorrected mean square (the paper's epsilon-hat, as in Keras).
        box: whether to clip the picture to 0..1 after every step.

    Raises:
        InputError: a value outside its range.
    """

    learning_rate: float = 0.05
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    box: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_flag("optimizer.box", self.box)
        check_number("optimizer.learning_rate", self.learning_rate, above=0)
        check_number("optimizer.beta_1", self.beta_1, at_least=0, below=1)
        check_number("optimizer.beta_2", self.beta_2, at_least=0, below=1)
        check_number("optimizer.epsilon", self.epsilon, above=0)

    def init(self, image: Image) -> Moments:
        """All zero."""
        return Moments(tf.zeros([], image.dtype), tf.zeros_like(image), tf.zeros_like(image))

    def step(self, evaluate: Evaluate, point: Point, state: Moments, budget: int) -> Step:
        """One update, one evaluation."""
        del budget
        image, moments = self._update(point.image, point.gradient, state)
        return Step(evaluate(image), moments, 1, False)

    def _update(self, image: Image, gradient: Tensor, state: Moments) -> tuple[Image, Moments]:
        t = state.step + 1
        mean = self.beta_1 * state.mean + (1 - self.beta_1) * gradient
        square = self.beta_2 * state.square + (1 - self.beta_2) * gradient**2
        rate = self.learning_rate * self.factor(state.step) * tf.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        return boxed(image - rate * mean / (tf.sqrt(square) + self.epsilon), self.box), Moments(t, mean, square)
