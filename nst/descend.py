"""The one inner loop: step, check, tell, stop. It knows no picture file, no network and no config."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nst.errors import check_count, check_number
from nst.optimizer.contract import Evaluate, Optimizer
from nst.record import Ending, Point

DIVERGED = 1e6  # a loss so many times its start is on its way to infinity ...
LEAST = 1e-3  # ... where the start is at least this: the content itself, say, starts at a loss of nearly nothing


class Descent(NamedTuple):
    """How a descent ended."""

    point: Point | None  # the last finite one; None where even the first was not
    ending: Ending
    evaluations: int


@dataclass(frozen=True)
class Stop:
    """When to stop before the steps are used up.

    Args:
        patience: evaluations without progress after which a level ends; null never.
        tolerance: the relative fall of the total that counts as progress, at least 0.
    """

    patience: int | None = None
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        if self.patience is not None:
            check_count("stop.patience", self.patience, at_least=1)
        check_number("stop.tolerance", self.tolerance, at_least=0, below=1)


def descend(
    evaluate: Evaluate,
    image: Any,
    optimizer: Optimizer,
    *,
    steps: int,
    observe: Callable[[Point, int], None],
    stop: Stop | None = None,
    interrupted: Callable[[], bool] = lambda: False,
) -> Descent:
    """Take `steps` evaluations down from `image`, the first of them at `image` itself.

    Args:
        evaluate: a picture -> its loss and gradient.
        image: `[1,H,W,3]`.
        optimizer: any with the contract of `nst.optimizer.contract`.
        steps: evaluations, at least 1; never exceeded.
        observe: told every point that is reached and the evaluations so far.
        stop: when to end early.
        interrupted: asked after every step.
    """
    point, state, used = evaluate(image), optimizer.init(image), 1
    if not _finite(point):
        return Descent(None, Ending.DIVERGED, used)
    observe(point, used)
    limit, progress = DIVERGED * max(abs(float(point.total)), LEAST), _Progress(stop or Stop(), float(point.total))
    while used < steps:
        if interrupted():
            return Descent(point, Ending.INTERRUPTED, used)
        following, state, evaluations, converged = optimizer.step(evaluate, point, state, steps - used)
        used += int(evaluations)
        if not _finite(following) or float(following.total) > limit:
            return Descent(point, Ending.DIVERGED, used)
        point = following
        observe(point, used)
        if bool(converged) or progress.stalled(float(point.total), used):
            return Descent(point, Ending.CONVERGED, used)
    return Descent(point, Ending.INTERRUPTED if interrupted() else Ending.STEPS, used)


def _finite(point: Point) -> bool:
    return bool(np.isfinite(point.total) and np.isfinite(np.sum(point.gradient)) and np.isfinite(np.sum(point.image)))


@dataclass
class _Progress:
    """The lowest total that counted as progress, and when it was seen."""

    stop: Stop
    lowest: float
    seen: int = 1

    def stalled(self, total: float, used: int) -> bool:
        if total < self.lowest * (1 - self.stop.tolerance):
            self.lowest, self.seen = total, used
        return self.stop.patience is not None and used - self.seen >= self.stop.patience
