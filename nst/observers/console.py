"""Progress of a run on the terminal: a bar, or a line every few seconds if the output is no terminal."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn

from nst.errors import check_number
from nst.observers.contract import Observer, RunContext
from nst.runtime.logs import console, duration
from nst.state import Iterate, Level

SETTLED = 5  # evaluations at a level after which its pace is reliable

log = logging.getLogger(__name__)


class Console(Observer):
    """Displays level, step, losses, seconds per evaluation, and the time left.

    Args:
        every: seconds between lines if the output is no terminal, above 0.

    Raises:
        InputError: `every` is not above 0.
    """

    def __init__(self, every: float = 5.0) -> None:
        self.every = check_number("observers.console.every", every, above=0)
        self._bar: Progress | None = None

    def open(self, run: RunContext) -> None:
        """Start the bar. It measures work: pixels times evaluations."""
        self._run, self._logged_at, self._level = run, time.monotonic(), -1
        self._paces: dict[int, float] = {}  # {pixels of a level: seconds per evaluation}
        self._work = sum(_pixels(level) * level.steps for level in run.levels)
        if console.is_terminal:
            self._bar = Progress(BarColumn(), TextColumn("{task.description}"), console=console, transient=True)
            self._task = self._bar.add_task("first step", total=self._work)
            self._bar.start()

    def __call__(self, iterate: Iterate) -> None:
        """Update the bar, or log a line if one is due."""
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done(iterate), description=self._line(iterate))
        elif time.monotonic() - self._logged_at >= self.every:
            self._logged_at = time.monotonic()
            log.info("%s", self._line(iterate))

    def close(self, record: Mapping[str, Any]) -> None:
        """Remove the bar."""
        del record
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _done(self, iterate: Iterate) -> int:
        """Work so far; a level that ended early counts in full."""
        before = sum(_pixels(level) * level.steps for level in self._run.levels[: iterate.level])
        return before + _pixels(self._run.levels[iterate.level]) * iterate.state.used

    def _enter(self, iterate: Iterate) -> None:
        """At a new level, store the evaluation and the seconds at its start."""
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
            f"  {self._pace(iterate):.2f} s/evaluation{self._left(iterate)}"
        )

    def _left(self, iterate: Iterate) -> str:
        """The time left, as text; empty while there is too little data.

        The model of an evaluation's time is a constant plus a rate per pixel. Two levels determine both; one level
        predicts only itself.
        """
        pace, here = self._pace(iterate), _pixels(self._run.levels[iterate.level])
        if iterate.evaluation - self._since[0] < SETTLED:
            return ""
        self._paces[here] = pace
        smaller = [pixels for pixels in self._paces if pixels < here]
        later = self._run.levels[iterate.level + 1 :]
        if later and not smaller:
            return ""
        before = max(smaller, default=0)
        rise = (pace - self._paces[before]) / (here - before) if smaller else pace / here
        rise = min(max(rise, 0.0), pace / here)
        left = pace * (self._run.levels[iterate.level].steps - iterate.state.used)
        left += sum(level.steps * (pace + rise * (_pixels(level) - here)) for level in later)
        return f"  about {duration(left)} left"

    def _pace(self, iterate: Iterate) -> float:
        """Seconds per evaluation at this level, without its first one, which compiles, as soon as there is another."""
        self._enter(iterate)
        evaluations, seconds = iterate.evaluation - self._since[0], iterate.seconds - self._since[1]
        return seconds / evaluations if evaluations else iterate.seconds / iterate.evaluation


def _pixels(level: Level) -> int:
    return level.height * level.width
