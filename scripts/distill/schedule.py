"""Learning rate schedule of the training."""

from typing import Any

import keras
import numpy as np

from distill.backend import ops

WARMUP = 100  # steps
COOLDOWN = 0.9
"""Share of the steps, at the end, during which the learning rate falls."""


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up to `rate`, a plateau, and half a cosine down to a hundredth of it."""

    def __init__(self, rate: float, steps: int) -> None:
        self.rate, self.steps = rate, steps

    def __call__(self, step: Any) -> Any:
        """The learning rate at `step`."""
        step = ops.cast(step, "float32")
        fallen = ops.clip((step - (1 - COOLDOWN) * self.steps) / (COOLDOWN * self.steps), 0.0, 1.0)
        return self.rate * ops.minimum(1.0, (step + 1) / WARMUP) * (0.505 + 0.495 * ops.cos(np.pi * fallen))
