"""Stochastic gradient descent with momentum, as Keras spells it (there is nothing stochastic in it here)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from nst.errors import check_flag, check_number
from nst.optimizer.contract import Evaluate, Step, boxed
from nst.record import Point


@dataclass(frozen=True)
class SGD:
    """v <- momentum v - learning_rate g;  x <- x + v, or with Nesterov x + momentum v - learning_rate g.

    Args:
        learning_rate: above 0; the picture is in 0..1.
        momentum: 0 up to, not including, 1.
        nesterov: look ahead (Sutskever et al. 2013, equations 3-4, rearranged as in Keras).
        box: hold the picture in 0..1 after every step.
    """

    learning_rate: float = 0.5
    momentum: float = 0.9
    nesterov: bool = False
    box: bool = True

    def __post_init__(self) -> None:
        check_flag("optimizer.box", self.box)
        check_flag("optimizer.nesterov", self.nesterov)
        check_number("optimizer.learning_rate", self.learning_rate, above=0)
        check_number("optimizer.momentum", self.momentum, at_least=0, below=1)

    def init(self, image: Any) -> Any:
        """The velocity."""
        return tf.zeros_like(image)

    def step(self, evaluate: Evaluate, point: Point, state: Any, budget: int) -> Step:
        """One update, one evaluation."""
        del budget
        push = -self.learning_rate * point.gradient
        velocity = self.momentum * state + push
        move = self.momentum * velocity + push if self.nesterov else velocity
        return Step(evaluate(boxed(point.image + move, self.box)), velocity, 1, False)
