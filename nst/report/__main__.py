"""python -m nst.report FOLDER... : a table, a contact sheet and a page of the runs in there."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from nst.errors import InputError
from nst.report.write import report


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the report; the exit status is 2 where there is nothing to report."""
    parser = argparse.ArgumentParser(prog="python -m nst.report", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="sweeps, runs, or folders of such")
    parser.add_argument("--out", type=Path, help="where to (default: report/ in the folder all lie in)")
    options = parser.parse_args(arguments)
    try:
        written = report(options.folders, options.out)
    except InputError as error:
        print(f"nst: {error}", file=sys.stderr)  # noqa: T201
        return 2
    for complaint in written.complaints:
        print(f"nst: {complaint}", file=sys.stderr)  # noqa: T201
    if not written.runs:
        return 2
    print(f"{len(written.runs)} runs: {os.path.relpath(written.folder)}/index.html, sheet.png, summary.csv")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
