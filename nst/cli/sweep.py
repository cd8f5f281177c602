"""What a sweep ends with: the table and the report of its folder."""

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
