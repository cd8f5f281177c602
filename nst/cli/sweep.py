"""The end of a sweep: print the table and write the report of its folder."""

import logging
import os
from collections import Counter
from pathlib import Path

from nst.errors import InputError
from nst.runtime import logs

log = logging.getLogger(__name__)


def finish(folder: Path) -> None:
    """Print the table of the runs in `folder`, if there are any, and write their report."""
    from nst.report import table
    from nst.report.runs import find

    logs.to_console()
    runs, _ = find([folder])
    if not runs:
        return
    shown, console = table.terminal(runs), logs.console
    width = max(console.width, console.measure(shown).minimum)  # a narrow terminal wraps lines; no column is lost
    console.print(shown, width=width, crop=False)
    for line in table.failures(runs):
        log.info("%s", line)
    counts = Counter(run.status for run in runs)
    log.info("%d runs: %s", len(runs), ", ".join(f"{count} {status}" for status, count in counts.items()))
    _report(folder)


def _report(folder: Path) -> None:
    """Write the report; an error is only logged, since the exit status depends on the runs alone."""
    from nst.report.write import report

    try:
        written = report([folder])
    except (InputError, OSError, ValueError) as error:
        log.warning("%s", error)
        return
    for problem in written.problems:
        log.warning("%s", problem)
    log.info("report   %s", os.path.relpath(written.folder / "index.html"))
