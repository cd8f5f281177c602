"""What the runs of one command report to it: exit statuses, and the folder of their sweep.

Hydra calls the task and the callback, and returns nothing of theirs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback


@dataclass
class Session:
    """One command.

    Args:
        threads: of the processor for each run whose config leaves them open; None takes all.
        statuses: the exit status of each of its runs.
        sweep: the folder of its sweep; None for a single run.
    """

    threads: int | None = None
    statuses: list[int] = field(default_factory=list)
    sweep: Path | None = None

    @property
    def status(self) -> int:
        """The exit status of the command: that of its only run, or 1 if any run of a sweep failed."""
        if len(self.statuses) == 1:
            return self.statuses[0]
        return max((min(status, 1) for status in self.statuses), default=0)


_current: ContextVar[Session] = ContextVar("session")


def current() -> Session:
    """The command that is running; a new one where a caller of Hydra's `job` has begun none."""
    if (found := _current.get(None)) is None:
        _current.set(found := Session())
    return found


@contextmanager
def session(threads: int | None = None) -> Iterator[Session]:
    """A new command, for the runs inside."""
    token = _current.set(Session(threads))
    try:
        yield current()
    finally:
        _current.reset(token)


class Remember(Callback):
    """Hydra's callback that reports the folder of a sweep; `hydra.callbacks` in conf/config.yaml names it."""

    def on_multirun_start(self, config: Any, **_: Any) -> None:
        """Before the first job."""
        current().sweep = Path(config.hydra.sweep.dir)
