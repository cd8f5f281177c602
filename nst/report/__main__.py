"""python -m nst.report FOLDER...: write a table, a contact sheet and a web page of the runs in the folders."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from nst.errors import InputError
from nst.report.write import report


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the report; return the exit status, 2 if there is nothing to report."""
    parser = argparse.ArgumentParser(prog="python -m nst.report", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="contains runs, at any depth")
    parser.add_argument("--out", type=Path, help="folder of the report (default: report/ in their common folder)")
    options = parser.parse_args(arguments)
    try:
        written = report(options.folders, options.out)
    except InputError as error:
        print(f"nst: {error}", file=sys.stderr)  # noqa: T201
        return 2
    for problem in written.problems:
        print(f"nst: {problem}", file=sys.stderr)  # noqa: T201
    if not written.runs:
        return 2
    print(f"{len(written.runs)} runs: {os.path.relpath(written.folder)}/index.html, sheet.png, summary.csv")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
