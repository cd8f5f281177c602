"""The one inner loop: step, check, tell, stop. It knows no picture file, no network and no config."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nst.errors import check_count, check_number
from nst.optimizer.contract import Evaluate, Optimizer
from nst.record import Ending, Point, Progress, Standing

log = logging.getLogger(__name__)

DIVERGED = 1e6  # a loss so many times its start is on its way to infinity ...
LEAST = 1e-3  # ... where the start is at least this: the content itself, say, starts at a loss of nearly nothing


class Descent(NamedTuple):
    """How a descent ended."""

    point: Point | None  # the last finite one; None where even the first was not
    ending: Ending
    evaluations: int
    state: Any = None  # the optimizer's; None after divergence


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

    def judge(self, progress: Progress, total: float, used: int) -> Progress:
        """`progress` after an evaluation that gave `total`."""
        enough = total < progress.lowest * (1 - self.tolerance)
        return progress._replace(lowest=total, seen=used) if enough else progress

    def stalled(self, progress: Progress, used: int) -> bool:
        """Whether patience is over."""
        return self.patience is not None and used - progress.seen >= self.patience


def descend(
    evaluate: Evaluate,
    start: Any,
    optimizer: Optimizer,
    *,
    steps: int,
    before: Any = None,
    observe: Callable[[Standing], None],
    stop: Stop | None = None,
    interrupted: Callable[[], bool] = lambda: False,
) -> Descent:
    """Take `steps` evaluations down from `start`, the first of them at `start` itself.

    Args:
        evaluate: a picture -> its loss and gradient.
        start: `[1,H,W,3]`, or where an earlier descent of the same arguments stood: it goes on from there.
        optimizer: any with the contract of `nst.optimizer.contract`.
        steps: evaluations, at least 1; never exceeded.
        before: the optimizer's state at the end of the level before; None where there is none.
        observe: told every point that is reached, with what is needed to go on from it.
        stop: when to end early.
        interrupted: asked after every step.
    """
    stop = stop or Stop()
    at = start if isinstance(start, Standing) else _begin(evaluate, start, optimizer, before)
    if at is None:
        return Descent(None, Ending.DIVERGED, 1)
    if at is not start:
        observe(at)
    while not at.over and at.used < steps:
        if interrupted():
            return Descent(at.point, Ending.INTERRUPTED, at.used, at.state)
        step = optimizer.step(evaluate, at.point, at.state, steps - at.used)
        used = at.used + int(step.evaluations)
        if not _finite(step.point) or float(step.point.total) > DIVERGED * max(abs(at.progress.first), LEAST):
            return _diverged(evaluate, optimizer, at, used, steps)
        if (
            optimizer.line_search
            and used < steps
            and not step.converged
            and float(step.point.total) == float(at.point.total)
        ):
            log.info("evaluation %d of the level: no way down along this direction; steepest descent is next", used)
        progress = stop.judge(at.progress, float(step.point.total), used)
        point, converged, stalled = step.point, bool(step.converged), stop.stalled(progress, used)
        if stalled and not converged and used < steps:
            point, extra = optimizer.finish(evaluate, point, step.state)
            used += extra
        at = Standing(point, step.state, used, progress, converged or stalled)
        observe(at)
    if at.over:
        return Descent(at.point, Ending.CONVERGED, at.used, at.state)
    return Descent(at.point, Ending.INTERRUPTED if interrupted() else Ending.STEPS, at.used, at.state)


def _diverged(evaluate: Evaluate, optimizer: Optimizer, at: Standing, used: int, steps: int) -> Descent:
    """Back where it stood, or at what a wrapped optimizer kept by then."""
    if used < steps:
        point, extra = optimizer.finish(evaluate, at.point, at.state)
        return Descent(point if _finite(point) else at.point, Ending.DIVERGED, used + extra)
    return Descent(at.point, Ending.DIVERGED, used)


def _begin(evaluate: Evaluate, image: Any, optimizer: Optimizer, before: Any) -> Standing | None:
    """The first evaluation; None where it is not finite."""
    point = evaluate(image)
    if not _finite(point):
        return None
    total = float(point.total)
    state = optimizer.init(image) if before is None else optimizer.carried(before, image)
    return Standing(point, state, 1, Progress(total, total, 1), False)


def _finite(point: Point) -> bool:
    return bool(np.isfinite(point.total) and np.isfinite(np.sum(point.gradient)) and np.isfinite(np.sum(point.image)))
