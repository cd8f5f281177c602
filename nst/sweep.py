"""What a command ends with: the exit status of its runs, and of a sweep the table and the report of its folder."""

from __future__ import annotations

import logging
import os
from collections import Counter
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback

from nst import logs
from nst.errors import InputError

log = logging.getLogger(__name__)

statuses: list[int] = []  # of the runs of this process's command
_folders: list[Path] = []  # of its sweep, told before the first run


class Remember(Callback):
    """Hydra's callback that tells where the sweep's runs will lie; `hydra.callbacks` names it."""

    def on_multirun_start(self, config: Any, **_: Any) -> None:
        """Before the first job."""
        _folders[:] = [Path(config.hydra.sweep.dir)]


def note(status: int) -> None:
    """A run has ended with this exit status."""
    statuses.append(status)


def forget() -> None:
    """Nothing has begun."""
    statuses.clear()
    _folders.clear()


def finish() -> None:
    """The table and the report, if this process's command was a sweep and left any run."""
    for folder in _folders:
        if folder.is_dir():
            _tell(folder)


def _tell(folder: Path) -> None:
    from nst.report import table
    from nst.report.runs import find

    logs.to_console()
    runs, _ = find([folder])
    if not runs:
        return
    logs.console.print(table.terminal(runs))
    for line in table.failures(runs):
        log.info("%s", line)
    counts = Counter(run.status for run in runs)
    log.info("%d runs: %s", len(runs), ", ".join(f"{count} {status}" for status, count in counts.items()))
    _report(folder)


def _report(folder: Path) -> None:
    """Whatever goes wrong here, the runs are done, and the command's exit status is theirs."""
    from nst.report.write import report

    try:
        written = report([folder])
    except (InputError, OSError, ValueError) as error:
        log.warning("%s", error)
        return
    for complaint in written.complaints:
        log.warning("%s", complaint)
    log.info("report   %s", os.path.relpath(written.folder / "index.html"))
