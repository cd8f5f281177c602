"""Learning-rate schedules: a factor after t updates, with r = `decay_rate` and T = `decay_steps`.

constant       1
exponential    r^(t/T)                                      Keras's ExponentialDecay
cosine         r + (1 - r) (1 + cos(pi min(t/T, 1))) / 2    Keras's CosineDecay, alpha = r (Loshchilov & Hutter 2017)
root           (1 + r t/T)^(-1/2)                           crowsonkb's style_transfer, there with r = .05, T = 1
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from nst.errors import check_count, check_name, check_number
from nst.state import Scalar

FACTORS: dict[str, Callable[[Scalar, float, int], Scalar]] = {
    "constant": lambda t, r, T: tf.ones_like(t),
    "exponential": lambda t, r, T: tf.pow(tf.constant(r, t.dtype), t / T),
    "cosine": lambda t, r, T: r + (1 - r) * (1 + tf.cos(math.pi * tf.minimum(t / T, 1))) / 2,
    "root": lambda t, r, T: tf.math.rsqrt(1 + r * t / T),
}


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """Base class of optimizers with a learning-rate schedule.

    Args:
        schedule: `constant`, `exponential`, `cosine` or `root`; see the formulas at the top of this file.
        decay_rate: above 0; for `exponential` and `cosine` at most 1, else the rate would rise.
        decay_steps: updates, at least 1. Every level counts from 0.

    Raises:
        InputError: a value outside its range.
    """

    schedule: str = "constant"
    decay_rate: float = 0.96
    decay_steps: int = 100

    def __post_init__(self) -> None:
        check_name("optimizer.schedule", self.schedule, FACTORS)
        check_number("optimizer.decay_rate", self.decay_rate, above=0)
        if self.schedule in ("exponential", "cosine"):
            check_number("optimizer.decay_rate", self.decay_rate, at_most=1)
        check_count("optimizer.decay_steps", self.decay_steps, at_least=1)

    def factor(self, updates: Scalar) -> Scalar:
        """The factor on the learning rate after `updates` (a float scalar)."""
        return FACTORS[self.schedule](updates, self.decay_rate, self.decay_steps)
