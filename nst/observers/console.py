"""Progress of a run on the terminal: a bar, or a line every few seconds if the output is no terminal."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn

from nst.errors import check_number
from nst.observers.contract import Observer, RunContext
from nst.observers.pace import Pacer, share
from nst.runtime.logs import console, duration
from nst.state import Iterate

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
        """Start the bar. It measures the share of the work that is done."""
        self._run, self._logged_at, self._pace = run, time.monotonic(), Pacer(run.levels)
        if console.is_terminal:
            self._bar = Progress(BarColumn(), TextColumn("{task.description}"), console=console, transient=True)
            self._task = self._bar.add_task("first step", total=1.0)
            self._bar.start()

    def __call__(self, iterate: Iterate) -> None:
        """Update the bar, or log a line if one is due."""
        if self._bar is not None:
            self._bar.update(self._task, completed=share(self._run.levels, iterate), description=self._line(iterate))
        elif time.monotonic() - self._logged_at >= self.every:
            self._logged_at = time.monotonic()
            log.info("%s", self._line(iterate))

    def close(self, record: Mapping[str, Any]) -> None:
        """Remove the bar."""
        del record
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _line(self, iterate: Iterate) -> str:
        level, point, pace = self._run.levels[iterate.level], iterate.point, self._pace(iterate)
        parts = " ".join(
            f"{name} {sum(float(v) for v in values.values()):.4g}" for name, values in point.weighted.items()
        )
        return (
            f"level {iterate.level + 1}/{len(self._run.levels)} {level.width}x{level.height}"
            f"  step {iterate.evaluation}/{self._run.steps}  loss {float(point.total):.4g} ({parts})"
            f"  {pace.each:.2f} s/evaluation{'' if pace.left is None else f'  about {duration(pace.left)} left'}"
        )
