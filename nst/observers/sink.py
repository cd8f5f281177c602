"""Contract of sinks: the part of a tracker that calls the tracker's library, in a process of its own."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Row = tuple[int, dict[str, float]]
"""(evaluation, {tag: value}) of the curves."""


@dataclass(frozen=True)
class Start:
    """Facts about a run, for its record in a tracker. Addresses in them are redacted, except those in `settings`.

    Args:
        folder: the run folder.
        sweep: the folder of its sweep; None for a single run.
        config: the composed config.
        choices: {group: chosen file}.
        resumed: the evaluation that it continues from; 0 for a new run.
        settings: the observer's settings.
    """

    folder: Path
    sweep: Path | None
    config: dict[str, Any]
    choices: dict[str, Any]
    resumed: int
    settings: dict[str, Any]


@dataclass(frozen=True)
class End:
    """The end of a run: the part of result.json that trackers log, and the picture.

    Args:
        status: `done`, `pruned`, `interrupted`, `diverged` or `failed`.
        error: why it is not done.
        evaluations: evaluations over all levels.
        metrics: {`metric/<name>`: value}.
        picture: result.png; None if the run wrote none.
    """

    status: str
    error: str | None = None
    evaluations: int = 0
    metrics: Mapping[str, float] | None = None
    picture: Path | None = None


@dataclass(frozen=True)
class Opened:
    """A record in a tracker.

    Args:
        run: its id.
        shown: what shows it: an address or a command.
        kept: what completes it if its process ends early; "" if nothing does.
        warning: what the user must know now; "" if nothing.
    """

    run: str
    shown: str
    kept: str = ""
    warning: str = ""


class Sink(ABC):
    """Base class of sinks. Any exception ends the process, and the run continues without the tracker."""

    @abstractmethod
    def start(self, start: Start, run: str | None) -> Opened:
        """Begin the record of a run, or continue the record `run` if it exists."""

    @abstractmethod
    def scalars(self, rows: Sequence[Row]) -> None:
        """Log rows of the curves, in order."""

    @abstractmethod
    def picture(self, evaluation: int, tag: str, picture: np.ndarray) -> None:
        """Log a picture, `[H,W,3]` uint8, under a tag like `image/current`."""

    @abstractmethod
    def end(self, end: End) -> None:
        """Log how the run ended, and complete the record."""
