"""The pace of a run: seconds per evaluation, the seconds left, and the share that is done."""

from collections.abc import Sequence
from typing import NamedTuple

from nst.state import Iterate, Level

SETTLED = 5  # evaluations at a level after which its pace is reliable


class Pace(NamedTuple):
    """The pace at one iterate.

    Args:
        each: seconds per evaluation at this level.
        left: seconds to the end of the run; None while there is too little data.
    """

    each: float
    left: float | None


class Pacer:
    """Measures the pace of a run from its iterates.

    Args:
        levels: all levels of the run, small to large.
    """

    def __init__(self, levels: Sequence[Level]) -> None:
        self._levels, self._level = levels, -1
        self._paces: dict[int, float] = {}  # {pixels of a level: seconds per evaluation}

    def __call__(self, iterate: Iterate) -> Pace:
        """The pace after `iterate`. Call it for every iterate that is displayed, in order."""
        if iterate.level != self._level:
            self._level, self._since = iterate.level, (iterate.evaluation, iterate.seconds)
        evaluations, seconds = iterate.evaluation - self._since[0], iterate.seconds - self._since[1]
        # a level's first evaluation includes set-up; it counts only while it is the only one
        each = seconds / evaluations if evaluations else iterate.seconds / iterate.evaluation
        return Pace(each, self._left(iterate, each) if evaluations >= SETTLED else None)

    def _left(self, iterate: Iterate, each: float) -> float | None:
        """The seconds left; None at the first of several levels.

        The model of an evaluation's time is a constant plus a rate per pixel. Two levels determine both; one level
        predicts only itself.
        """
        level, later = self._levels[iterate.level], self._levels[iterate.level + 1 :]
        here = pixels(level)
        self._paces[here] = each
        before = max((smaller for smaller in self._paces if smaller < here), default=0)
        if later and not before:
            return None
        rise = (each - self._paces[before]) / (here - before) if before else each / here
        rise = min(max(rise, 0.0), each / here)
        rest = sum(other.steps * (each + rise * (pixels(other) - here)) for other in later)
        return each * (level.steps - iterate.state.used) + rest


def share(levels: Sequence[Level], iterate: Iterate) -> float:
    """The share of a run's work that is done, 0..1; a level that ended early counts in full."""
    work = [pixels(level) * level.steps for level in levels]
    return (sum(work[: iterate.level]) + pixels(levels[iterate.level]) * iterate.state.used) / sum(work)


def pixels(level: Level) -> int:
    """Pixels of a picture at `level`."""
    return level.height * level.width
