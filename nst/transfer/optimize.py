"""The loop over the steps of a level: step, check, notify, stop. It uses no files, network or config."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nst.errors import check_count, check_number
from nst.optimizer.contract import Evaluate, Optimizer, State, Step
from nst.state import Ending, Image, LevelState, Point, Progress

log = logging.getLogger(__name__)

DIVERGED = 1e6  # a loss of more than this many times the first one has diverged ...
LEAST = 1e-3  # ... with the first one taken as at least this: from the content, a loss may start near 0


class Descent(NamedTuple):
    """How a descent ended."""

    point: Point | None  # the last finite one; None if the first one is not finite
    ending: Ending
    evaluations: int
    state: State | None = None  # the optimizer's; None after divergence


@dataclass(frozen=True)
class Stop:
    """When to end a level before its evaluations are used up.

    Args:
        patience: evaluations without progress after which a level ends, at least 1; None: never.
        tolerance: relative decrease of the total that counts as progress, at least 0, below 1.

    Raises:
        InputError: a value outside its range.
    """

    patience: int | None = None
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        if self.patience is not None:
            check_count("stop.patience", self.patience, at_least=1)
        check_number("stop.tolerance", self.tolerance, at_least=0, below=1)

    def updated(self, progress: Progress, total: float, used: int) -> Progress:
        """`progress` after evaluation number `used` of the level, with the loss `total`."""
        enough = total < progress.lowest * (1 - self.tolerance)
        return progress._replace(lowest=total, seen=used) if enough else progress

    def stalled(self, progress: Progress, used: int) -> bool:
        """Whether there has been no progress for `patience` evaluations."""
        return self.patience is not None and used - progress.seen >= self.patience


def descend(
    evaluate: Evaluate,
    start: Image | LevelState,
    optimizer: Optimizer,
    *,
    steps: int,
    before: Callable[[], State] | None = None,
    observe: Callable[[LevelState], None],
    stop: Stop | None = None,
    interrupted: Callable[[], bool] = lambda: False,
) -> Descent:
    """Minimize from `start` with `steps` evaluations; the first one is of `start` itself.

    Args:
        evaluate: a picture -> its loss and gradient.
        start: the first picture `[1,H,W,3]`, or a state of an earlier descent with the same arguments, to continue.
        optimizer: implements `nst.optimizer.contract.Optimizer`.
        steps: evaluations, at least 1; never exceeded.
        before: returns the optimizer's state at the end of the level before; a function, so that the caller can drop
            the state, which may be large. None at the first level.
        observe: called with the state after the first evaluation and after every step.
        stop: when to end early; None: never.
        interrupted: called before every step and at the end; True ends the descent.
    """
    stop = stop or Stop()
    at = start if isinstance(start, LevelState) else _begin(evaluate, start, optimizer, before)
    if at is None:
        return Descent(None, Ending.DIVERGED, 1)
    if at is not start:
        observe(at)
    while not at.over and at.used < steps:
        if interrupted():
            return Descent(at.point, Ending.INTERRUPTED, at.used, at.optimizer_state)
        step = optimizer.step(evaluate, at.point, at.optimizer_state, steps - at.used)
        used = at.used + int(step.evaluations)
        if not _finite(step.point) or float(step.point.total) > DIVERGED * max(abs(at.progress.first), LEAST):
            return _diverged(evaluate, optimizer, at, used, steps)
        _log_no_way_down(optimizer, at, step, used, steps)
        at = _next(evaluate, optimizer, stop, at, step, used, steps)
        observe(at)
    if at.over:
        return Descent(at.point, Ending.CONVERGED, at.used, at.optimizer_state)
    return Descent(at.point, Ending.INTERRUPTED if interrupted() else Ending.STEPS, at.used, at.optimizer_state)


def _next(
    evaluate: Evaluate, optimizer: Optimizer, stop: Stop, at: LevelState, step: Step, used: int, steps: int
) -> LevelState:
    """The state after `step`; a level that stalls ends with the point of `optimizer.finish`."""
    progress = stop.updated(at.progress, float(step.point.total), used)
    point, converged, stalled = step.point, bool(step.converged), stop.stalled(progress, used)
    if stalled and not converged and used < steps:
        point, extra = optimizer.finish(evaluate, point, step.state)
        used += extra
    return LevelState(point, step.state, used, progress, converged or stalled)


def _log_no_way_down(optimizer: Optimizer, at: LevelState, step: Step, used: int, steps: int) -> None:
    """Log a failed line search if the descent continues."""
    same = float(step.point.total) == float(at.point.total)
    if optimizer.line_search and same and used < steps and not step.converged:
        log.info("evaluation %d of the level: no lower loss along this direction; steepest descent is next", used)


def _diverged(evaluate: Evaluate, optimizer: Optimizer, at: LevelState, used: int, steps: int) -> Descent:
    """The descent's end after divergence: at the last good point, or at its `optimizer.finish`."""
    if used < steps:
        point, extra = optimizer.finish(evaluate, at.point, at.optimizer_state)
        return Descent(point if _finite(point) else at.point, Ending.DIVERGED, used + extra)
    return Descent(at.point, Ending.DIVERGED, used)


def _begin(
    evaluate: Evaluate, image: Image, optimizer: Optimizer, before: Callable[[], State] | None
) -> LevelState | None:
    """The state after the first evaluation; None if that is not finite."""
    point = evaluate(image)
    if not _finite(point):
        return None
    total = float(point.total)
    state = optimizer.init(image) if before is None else optimizer.carried(before(), image)
    return LevelState(point, state, 1, Progress(total, total, 1), False)


def _finite(point: Point) -> bool:
    return bool(np.isfinite(point.total) and np.isfinite(np.sum(point.gradient)) and np.isfinite(np.sum(point.image)))
