"""The end of a sweep: print the table and write the report of its folder."""

import logging
import os
from collections import Counter
from pathlib import Path

from nst.errors import InputError
from nst.runtime import logs, shell

log = logging.getLogger(__name__)

QUICK = 100  # runs; a report of so many takes seconds


def finish(folder: Path, baseline: str | None = None, resume_with: str = "", *, hurry: bool = False) -> None:
    """Print the table of the runs in `folder`, if there are any, and write their report.

    Args:
        folder: the folder of the sweep.
        baseline: the setting with which the report compares the others; None: the recorded one, else the first.
        resume_with: the command that does the runs that are not done; empty: none is shown.
        hurry: write the report only if that is quick, because the process may soon be killed.
    """
    from nst.report import findings, plan, terminal
    from nst.report.runs import find

    logs.to_console()
    runs, _ = find([folder])
    missing = plan.not_started(folder)
    left = f"; {missing} runs of the sweep were not started" if missing else ""
    if not runs:
        if missing:
            log.info("no run has begun%s", left)
            _resume(resume_with)
        return
    try:
        found, _ = findings.find(runs, baseline)
    except InputError as error:  # no run of it is done, as after a signal
        log.warning("%s", error)
        baseline = None
        found, _ = findings.find(runs)
    terminal.show(runs, found, logs.console)
    for line in terminal.failures(runs):
        log.info("%s", line)
    counts = Counter(run.status for run in runs)
    log.info(
        "%d %s: %s%s",
        len(runs),
        "run" if len(runs) == 1 else "runs",
        ", ".join(f"{count} {status}" for status, count in counts.items()),
        left,
    )
    if missing or set(counts) - {"done", "pruned"}:
        _resume(resume_with)
    if hurry and len(runs) > QUICK:
        log.info("report   python -m nst.report %s", shell.quote(os.path.relpath(folder)))
    else:
        _report(folder, baseline)


def _resume(command: str) -> None:
    if command:
        log.info("resume   %s", command)


def _report(folder: Path, baseline: str | None) -> None:
    """Write the report; an error is only logged, since the exit status depends on the runs alone."""
    from nst.report.write import report

    try:
        written = report([folder], baseline=baseline)
    except (InputError, OSError, ValueError) as error:
        log.warning("%s", error)
        return
    for problem in written.problems:
        log.warning("%s", problem)
    log.info("report   %s", os.path.relpath(written.folder / "index.html"))
