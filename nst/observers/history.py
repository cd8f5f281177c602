"""history.csv: every loss at every step, for spreadsheets and pandas."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from nst.errors import check_count
from nst.observers.contract import Every, Observer, RunContext, gradient_norm, losses
from nst.state import Iterate

FILE = "history.csv"


class History(Observer):
    """Writes a row per logged step: level, evaluation, seconds, gradient norm, and every loss.

    Args:
        every: evaluations between rows, at least 1.

    Raises:
        InputError: `every` is below 1.
    """

    def __init__(self, every: int = 1) -> None:
        self.every = check_count("observers.history.every", every, at_least=1)
        self._file: TextIO | None = None
        self._writer: Any = None

    def open(self, run: RunContext) -> None:
        """Start a new file; a resumed run keeps the rows up to its checkpoint."""
        path, part = run.folder / FILE, run.folder / f".{FILE}.part"
        self._file = part.open("w", newline="", encoding="utf-8")
        self._due, self._writer = Every(self.every, run.resumed), None
        for row in read(path, run.resumed):
            self._write(row)
        part.replace(path)  # the open file keeps its handle

    def __call__(self, iterate: Iterate) -> None:
        """Write a row if one is due."""
        if self._file is None or not self._due(iterate.evaluation):
            return
        self._write(_row(iterate))

    def _write(self, row: Mapping[str, Any]) -> None:
        if self._file is None:
            return
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, list(row))
            self._writer.writeheader()
        self._writer.writerow(row)
        self._file.flush()

    def close(self, record: Mapping[str, Any]) -> None:
        """Close the file."""
        del record
        if self._file is not None:
            self._file.close()
            self._file = None


def read(path: Path, last: float = math.inf) -> list[dict[str, str]]:
    """The complete rows of a history.csv, as text, up to the evaluation `last`; empty if there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if None not in row and all(row.values())]
    return [row for row in rows if int(row["evaluation"]) <= last]


def _row(iterate: Iterate) -> dict[str, Any]:
    point = iterate.point
    row: dict[str, Any] = {
        "level": iterate.level,
        "evaluation": iterate.evaluation,
        "seconds": round(iterate.seconds, 3),
    }
    row["gradient_norm"] = f"{gradient_norm(point.gradient):.9g}"
    row.update({tag: f"{float(value):.9g}" for tag, value in losses(point)})
    return row
