"""python -m nst.report FOLDER...: write a table, a contact sheet and a web page of the runs in the folders."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from nst.arguments import Parser
from nst.errors import InputError, printable
from nst.redaction import redacted
from nst.report.write import report
from nst.runtime.home import expanded
from nst.runtime.process import check_current_folder, closed_output_ignored, open_streams


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the report; return the exit status, 2 if there is nothing to report or to compare."""
    open_streams()
    parser = Parser(prog="python -m nst.report", description=__doc__)
    parser.add_argument("folders", nargs="+", type=expanded, metavar="FOLDER", help="contains runs, at any depth")
    parser.add_argument("--out", type=Path, help="folder of the report (default: report/ in their common folder)")
    parser.add_argument(
        "--baseline",
        metavar="SETTING",
        help="setting to compare all others with, like base or loss.style.weight=8 (default: that of the sweep)",
    )
    options = parser.parse_args(arguments)
    try:
        with closed_output_ignored():
            return _report(options.folders, options.out, options.baseline)
    except KeyboardInterrupt:
        return 130
    except (InputError, OSError) as error:
        print(f"nst: {redacted(printable(str(error)))}", file=sys.stderr)  # noqa: T201
        return 2
    return 0  # the reader closed stdout after the report was written


def _report(folders: Sequence[Path], out: Path | None, baseline: str | None) -> int:
    check_current_folder()
    written = report(folders, out, baseline)
    for problem in written.problems:
        print(f"nst: {problem}", file=sys.stderr)  # noqa: T201
    if not written.runs:
        return 2
    missing = f"; {written.not_started} runs of their sweeps were not started" if written.not_started else ""
    files = ["index.html", "sheet.png", "summary.csv", *(["comparison.csv"] if written.compared else [])]
    print(f"{len(written.runs)} runs: {os.path.relpath(written.folder)}/{', '.join(files)}{missing}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
