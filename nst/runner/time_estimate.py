"""Announce a long run as soon as its first evaluations show that it is long, with faster settings."""

import logging

from nst.observers.contract import Observer, RunContext
from nst.observers.pace import Pacer
from nst.runtime.logs import duration
from nst.state import Iterate, full_size_equivalents

log = logging.getLogger(__name__)

LONG = 120.0  # seconds; a shorter run is not announced
SLIM_SPEEDUP = 8  # of the bundled network over VGG19; measured: 6.5 to 10


class TimeEstimate(Observer):
    """Logs one line if the run will take more than two minutes.

    Args:
        network: the name of the run's network.
    """

    def __init__(self, network: str) -> None:
        self._network, self._known = network, False

    def open(self, run: RunContext) -> None:
        """Begin to measure; a resumed run was announced before."""
        self._run, self._pace, self._known = run, Pacer(run.levels), run.resume is not None

    def __call__(self, iterate: Iterate) -> None:
        """Log the line once the time left is known."""
        if self._known or (left := self._pace(iterate).left) is None:
            return
        self._known = True
        if (expected := iterate.seconds + left) > LONG:
            self._announce(expected)

    def _announce(self, expected: float) -> None:
        last = self._run.levels[-1]
        side = max(last.height, last.width)
        shorter = max(64, int(side * (LONG / expected) ** 0.5) // 32 * 32)
        quicker = [f"size={shorter}"] if shorter < side else []
        if self._network == "vgg19":
            quicker.insert(0, f"extractor=vgg19_slim (about {duration(expected / SLIM_SPEEDUP)})")
        text = "this run will take about %s (%.0f full-size equivalents); quicker: %s"
        work = full_size_equivalents(self._run.levels)
        log.info(text, duration(expected), work, " or ".join(quicker or ["fewer steps"]))
