"""The session of one command: the exit statuses of its runs, and the folder of its sweep.

Hydra calls the task and the callback but does not return their results, so they write them to the session.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.experimental.callback import Callback

from nst.cli import hydra_errors, resuming, search_path
from nst.cli.grid import jobs_of_grid
from nst.cli.photographs import check_sweep
from nst.cli.planned import planned
from nst.report import plan

MULTIRUN = "multirun.yaml"  # Hydra writes it before the first run


@dataclass
class Session:
    """The results of one command.

    Args:
        threads: processor threads of each run with `threads=null`; None: all.
        statuses: the exit statuses of its runs, in the order in which they end.
        sweep: the folder of its sweep; None for a single run.
        created: the folder of the run or sweep and those above it, the lowest first, if the command creates them.
        jobs: the overrides of each run of its sweep; None for a single run, and for a search.
        baseline: the setting with which the report of its sweep compares the others; None: the report chooses it.
        resume_with: the command that resumes its sweep; empty for a single run.
        plan: writes the plan of its sweep; None for a single run.
        photographs: the folder or pattern whose pictures are the contents of its runs; empty if there is none.
    """

    threads: int | None = None
    statuses: list[int] = field(default_factory=list)
    sweep: Path | None = None
    created: list[Path] = field(default_factory=list)
    jobs: list[list[str]] | None = None
    baseline: str | None = None
    resume_with: str = ""
    plan: Callable[[], None] | None = None
    photographs: str = ""

    @property
    def status(self) -> int:
        """The exit status of the command: that of its only run, or 1 if any run of a sweep failed."""
        if len(self.statuses) == 1:
            return self.statuses[0]
        return max((min(status, 1) for status in self.statuses), default=0)

    def discard(self) -> None:
        """Remove the folders that the command created, if no run has begun in them."""
        with suppress(OSError):  # a run or another command uses them
            if self.created and self.created[0].is_dir():
                if {path.name for path in self.created[0].iterdir()} <= {plan.FILE, MULTIRUN}:
                    for name in (plan.FILE, MULTIRUN):
                        (self.created[0] / name).unlink(missing_ok=True)
                self.created[0].rmdir()
            for folder in self.created[1:]:
                folder.rmdir()


_current: ContextVar[Session] = ContextVar("session")


def current() -> Session:
    """Return the session of the running command; create one if there is none."""
    if (found := _current.get(None)) is None:
        _current.set(found := Session())
    return found


@contextmanager
def session(threads: int | None = None) -> Iterator[Session]:
    """Open a new session for the runs inside."""
    token = _current.set(Session(threads))
    try:
        yield current()
    finally:
        _current.reset(token)


class RecordSweepFolder(Callback):
    """Hydra callback at the start of a run or sweep; named in `hydra.callbacks` of conf/config.yaml."""

    def on_run_start(self, config: Any, **_: Any) -> None:
        """Store which folders of a single run there are not yet; Hydra creates them next."""
        current().created = _missing(Path(config.hydra.run.dir))

    def on_multirun_start(self, config: Any, **_: Any) -> None:
        """Check the sweep, and store its runs, its folder and its plan.

        Raises:
            SystemExit: the sweep is invalid, has no runs, or too many. Hydra ignores other exceptions of a callback.
        """
        try:
            search_path.extend(GlobalHydra.instance().config_loader(), config)
            check_sweep(config, current().photographs)
            current().jobs = jobs = jobs_of_grid(config)
            names = None if jobs is None else planned(config, jobs)
        except Exception as error:
            raise SystemExit(hydra_errors.show(error)) from error
        current().sweep = folder = Path(config.hydra.sweep.dir)
        current().created = _missing(folder)
        current().baseline, current().resume_with = config.baseline, resuming.line(folder, config.hydra)
        current().plan = partial(plan.write_runs, folder, names, resuming.recorded(config.hydra))


def _missing(folder: Path) -> list[Path]:
    """`folder` and the folders above it that do not exist, the lowest first."""
    whole = folder.absolute()  # Hydra may change the current folder
    return [path for path in (whole, *whole.parents) if not os.path.lexists(path)]


def write_plan() -> None:
    """Write the plan of the running sweep into its folder; sweepers call it after their checks, before the first run.

    A command that is refused so leaves the plan of an earlier one as it is.
    """
    if write := current().plan:
        with suppress(OSError):  # the sweeper then raises the same
            write()
