"""The terminal: a bar where there is one to draw it on, else a line every few seconds."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from nst.errors import check_number
from nst.logs import console, duration
from nst.observers import Run
from nst.record import Iterate

log = logging.getLogger(__name__)


class Console:
    """Shows level, step, losses, seconds per evaluation and the time that is left.

    Args:
        every: seconds between lines where no bar can be drawn, above 0.
    """

    def __init__(self, every: float = 5.0) -> None:
        self.every = check_number("observers.console.every", every, above=0)
        self._bar: Progress | None = None

    def open(self, run: Run) -> None:
        """Draw the bar. It measures work, pixels times evaluations, so that what is left is foreseen rightly."""
        self._run, self._shown, self._level = run, time.monotonic(), -1
        self._work = sum(_pixels(level) * level.steps for level in run.levels)
        if console.is_terminal:
            columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
            self._bar = Progress(*columns, console=console, transient=True)
            self._task = self._bar.add_task("first step", total=self._work)
            self._bar.start()

    def __call__(self, iterate: Iterate) -> None:
        """Show where the run is."""
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done(iterate), description=self._line(iterate))
        elif time.monotonic() - self._shown >= self.every:
            self._shown = time.monotonic()
            pixels = _pixels(self._run.levels[iterate.level])
            left = self._pace(iterate) * (self._work - self._done(iterate)) / pixels
            log.info("%s  about %s left", self._line(iterate), duration(left))

    def close(self, record: Mapping[str, Any]) -> None:
        """Take the bar away."""
        del record
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _done(self, iterate: Iterate) -> int:
        """Work behind us; a level that ended early counts as done."""
        self._enter(iterate)
        before = sum(_pixels(level) * level.steps for level in self._run.levels[: iterate.level])
        return before + _pixels(self._run.levels[iterate.level]) * (iterate.evaluation - self._since[0] + 1)

    def _enter(self, iterate: Iterate) -> None:
        """Remember where a level began."""
        if iterate.level != self._level:
            self._level, self._since = iterate.level, (iterate.evaluation, iterate.seconds)

    def _line(self, iterate: Iterate) -> str:
        level, point = self._run.levels[iterate.level], iterate.point
        parts = " ".join(
            f"{name} {sum(float(v) for v in values.values()):.4g}" for name, values in point.weighted.items()
        )
        return (
            f"level {iterate.level + 1}/{len(self._run.levels)} {level.width}x{level.height}"
            f"  step {iterate.evaluation}/{self._run.steps}  loss {float(point.total):.4g} ({parts})"
            f"  {self._pace(iterate):.2f} s/evaluation"
        )

    def _pace(self, iterate: Iterate) -> float:
        """Seconds per evaluation at this level; its first one, which compiles, counts while there is no other."""
        self._enter(iterate)
        evaluations, seconds = iterate.evaluation - self._since[0], iterate.seconds - self._since[1]
        return seconds / evaluations if evaluations else iterate.seconds / iterate.evaluation


def _pixels(level: Any) -> int:
    return level.height * level.width
