"""Progress of a run on the terminal: a bar, or a line every few seconds if the output is no terminal."""

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from rich.progress import BarColumn, Progress, TextColumn

from nst.errors import check_number
from nst.observers.contract import Observer, RunContext
from nst.observers.pace import Pacer, share
from nst.runtime.logs import console, duration
from nst.state import Iterate

log = logging.getLogger(__name__)


SHORTEST = 8  # columns of the bar


class Part(NamedTuple):
    """A part of the progress line.

    Args:
        text: of the part.
        rank: 1 is the most important; a narrow terminal loses the highest ones first.
        before: what separates it from the part before it.
    """

    text: str
    rank: int
    before: str = "  "


class Console(Observer):
    """Displays step, time left, losses, level and seconds per evaluation; a narrow terminal, the first of them.

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
            columns = BarColumn(bar_width(console.width)), TextColumn("{task.description}", markup=False)
            self._bar = Progress(*columns, console=console, transient=True)
            self._task = self._bar.add_task("first step", total=1.0)
            self._bar.start()

    def __call__(self, iterate: Iterate) -> None:
        """Update the bar, or log a line if one is due."""
        if self._bar is not None:
            room = console.width - bar_width(console.width) - 1
            done = share(self._run.levels, iterate)
            self._bar.update(self._task, completed=done, description=fitted(self._parts(iterate), room))
        elif time.monotonic() - self._logged_at >= self.every:
            self._logged_at = time.monotonic()
            log.info("%s", fitted(self._parts(iterate)))

    def close(self, record: Mapping[str, Any]) -> None:
        """Remove the bar."""
        del record
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _parts(self, iterate: Iterate) -> list[Part]:
        """The parts of the progress line, in their order on it."""
        level, point, pace = self._run.levels[iterate.level], iterate.point, self._pace(iterate)
        terms = [f"{name} {sum(map(float, values.values())):.4g}" for name, values in point.weighted.items()]
        return [
            Part(f"level {iterate.level + 1}/{len(self._run.levels)} {level.width}x{level.height}", 4),
            Part(f"step {iterate.evaluation}/{self._run.steps}", 2),
            Part(f"loss {float(point.total):.4g}", 3),
            Part(f"({' '.join(terms)})", 6, " "),
            Part(f"{pace.each:.2f} s/evaluation", 5),
            *([] if pace.left is None else [Part(f"about {duration(pace.left)} left", 1)]),
        ]


def bar_width(width: int) -> int:
    """The width of the bar on a terminal of `width` columns."""
    return min(max(width // 5, SHORTEST), 40)


def fitted(parts: Sequence[Part], width: int | None = None) -> str:
    """The line of `parts`; with a `width`, without the least important ones that do not fit into so many columns."""
    shown = set(range(len(parts)))
    for place in sorted(shown, key=lambda place: -parts[place].rank):
        if width is None or len(_joined(parts, shown)) <= width:
            break
        shown.discard(place)
    return _joined(parts, shown)


def _joined(parts: Sequence[Part], shown: Collection[int]) -> str:
    return "".join(part.before + part.text for place, part in enumerate(parts) if place in shown).lstrip()
