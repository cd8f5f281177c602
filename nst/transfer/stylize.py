"""The method (Gatys et al. 2016) without files and configs: a transfer in, a result out."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
import tensorflow as tf

from nst.image.io import resize
from nst.optimizer.contract import Evaluate
from nst.state import Ending, Image, Iterate, Level, LevelState, Result
from nst.transfer.bounds import Bounds
from nst.transfer.detail import enlarged
from nst.transfer.evaluate import evaluation
from nst.transfer.jitter import jittered
from nst.transfer.optimize import Descent, descend
from nst.transfer.transfer import Transfer

log = logging.getLogger(__name__)


def stylize(
    transfer: Transfer,
    *,
    observers: Sequence[Callable[[Iterate], None]] = (),
    interrupted: Callable[[], bool] = lambda: False,
    resume: Iterate | None = None,
) -> Result:
    """Optimize a picture toward the content of one picture and the style of others (Gatys et al. 2016).

    Args:
        transfer: everything that decides the result.
        observers: each is called with every `Iterate`.
        interrupted: called after every step; True ends the run with its current picture.
        resume: an iterate of an earlier run of the same transfer; the run continues from it, to the same picture.

    Returns:
        The result. Its image has the content's size, and `ending` tells how the run ended. A loss that diverges raises
        no error; the run then ends with its last good picture.
    """
    levels, stages = transfer.levels, _Stages(transfer)
    clock = _Clock.started(observers, levels[-1], resume)
    picture = stages.first(levels[0].height, levels[0].width)
    last, ending, states = None, Ending.STEPS, []
    for index, level in enumerate(levels):
        if resume and index < resume.level:
            continue
        here = resume.state if resume and index == resume.level else None
        evaluate, start = stages.evaluate(level, here.used if here else 0), here or stages.start(level, picture)
        clock.enter(index, level, here.used if here else 0)
        descent = descend(
            evaluate,
            start,
            transfer.optimizer,
            steps=level.steps,
            before=states.pop if states else None,  # so that nothing here keeps the state
            observe=clock.observe,
            stop=transfer.stop,
            interrupted=interrupted,
        )
        clock.count(descent.evaluations)  # including a last step that found no lower loss
        last, ending = descent.point or last, descent.ending
        states = [] if descent.state is None else [descent.state]
        _log_early_end(descent, index, levels)
        picture = np.asarray(descent.point.image) if descent.point else picture
        del descent
        if ending in (Ending.INTERRUPTED, Ending.DIVERGED):
            break
    image = transfer.present(resize(picture.clip(0, 1), *transfer.content.shape[1:3]))
    return Result(image, ending, last, clock.evaluations, clock.seconds, clock.equivalents, levels)


def _log_early_end(descent: Descent, index: int, levels: Sequence[Level]) -> None:
    if descent.ending is Ending.CONVERGED and descent.evaluations < levels[index].steps:
        text = "level %d of %d ended after %d of %d evaluations: the loss stopped falling"
        log.info(text, index + 1, len(levels), descent.evaluations, levels[index].steps)


class _Stages:
    """The first picture of each level, and the function to minimize there."""

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer
        self._content, self._styles = transfer.seen
        self._limits = cache(transfer.limits)
        self._bounds = Bounds(transfer.mask, self._content)
        self._evaluation = evaluation(transfer.network, transfer.objective, self._styles, transfer.tiles, transfer.keep)

    def first(self, height: int, width: int) -> np.ndarray:
        """The run's first picture at a size: `[1,height,width,3]`."""
        content = resize(self._content, height, width)
        return self._transfer.init(content, self._styles[0].picture, self._transfer.seed)

    def start(self, level: Level, picture: np.ndarray) -> Image:
        """The first picture of `level`, from `picture`, the last one of the level before."""
        detail = self._transfer.pyramid.detail and self._transfer.init.detail
        larger = enlarged(picture, level, self.first if detail else None)
        limits = self._limits(level.height, level.width)
        return tf.constant(self._bounds.applied(limits.applied(larger) if limits else larger))

    def evaluate(self, level: Level, used: int) -> Evaluate:
        """The function to minimize at `level`, after `used` evaluations of it."""
        content, transfer = resize(self._content, level.height, level.width), self._transfer
        shifted = jittered(self._evaluation, content, transfer.jitter, transfer.seed, used)
        bounded, limits = self._bounds.within(shifted, level), self._limits(level.height, level.width)
        return limits.within(bounded) if limits else bounded


@dataclass
class _Clock:
    """Counts evaluations, and the seconds spent in steps, without the time of observers."""

    observers: Sequence[Callable[[Iterate], None]]
    full: Level  # the last level
    evaluations: int = 0
    seconds: float = 0.0
    equivalents: float = 0.0

    @classmethod
    def started(cls, observers: Sequence[Callable[[Iterate], None]], full: Level, resume: Iterate | None) -> Self:
        """A clock that starts at 0, or at the counts in `resume`."""
        if resume is None:
            return cls(observers, full)
        return cls(observers, full, resume.evaluation, resume.seconds, resume.equivalents)

    def enter(self, index: int, level: Level, used: int) -> None:
        """Start a level; `used` of its evaluations are already counted."""
        self._index, self._share = index, level.height * level.width / (self.full.height * self.full.width)
        self._before = self.evaluations - used, self.equivalents - used * self._share
        self._since = time.perf_counter()

    def count(self, used: int) -> None:
        """Set the counts to `used` evaluations of the level."""
        now = time.perf_counter()
        self.seconds, self._since = self.seconds + now - self._since, now
        self.evaluations, self.equivalents = self._before[0] + used, self._before[1] + used * self._share

    def observe(self, state: LevelState) -> None:
        """Call the observers with the iterate of `state`."""
        self.count(state.used)
        iterate = Iterate(self._index, self.evaluations, self.seconds, self.equivalents, state)
        for observer in self.observers:
            observer(iterate)
        self._since = time.perf_counter()
