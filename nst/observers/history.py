"""history.csv: every loss at every step, for spreadsheets and pandas."""

import csv
import io
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from nst.bounded import DataError
from nst.errors import check_count
from nst.observers.contract import Every, Observer, RunContext, gradient_norm, losses
from nst.runtime import own_files
from nst.runtime.atomic import atomic
from nst.runtime.data_files import read_text
from nst.state import Iterate

FILE = "history.csv"
MOST_BYTES = 2**25  # of an earlier history


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
        path = run.folder / FILE
        self._due = Every(self.every, run.resumed)
        rows = read(path, run.resumed, list(_row(run.resume))) if run.resume else []
        with atomic(path) as part, part.open("w", newline="", encoding="utf-8") as file:
            if rows:
                _start(file, rows[0]).writerows(rows)
        number = own_files.for_writing(path, os.O_WRONLY | os.O_APPEND)
        self._file = os.fdopen(number, "a", newline="", encoding="utf-8")
        self._writer = csv.DictWriter(self._file, list(rows[0])) if rows else None

    def __call__(self, iterate: Iterate) -> None:
        """Write a row if one is due."""
        if self._file is None or not self._due(iterate.evaluation):
            return
        self._write(_row(iterate))

    def _write(self, row: Mapping[str, Any]) -> None:
        if self._file is None:
            return
        if self._writer is None:
            self._writer = _start(self._file, row)
        self._writer.writerow(row)
        self._file.flush()

    def close(self, record: Mapping[str, Any]) -> None:
        """Close the file."""
        del record
        if self._file is not None:
            self._file.close()
            self._file = None


def _start(file: TextIO, row: Mapping[str, Any]) -> Any:
    """Write the head for rows like `row`."""
    writer = csv.DictWriter(file, list(row))
    writer.writeheader()
    return writer


def read(path: Path, last: float = math.inf, columns: Sequence[str] | None = None) -> list[dict[str, str]]:
    """The complete rows of a history.csv, as text, up to the evaluation `last`; empty if there is none.

    Args:
        path: the file; if it is not what nst writes, it is set aside.
        last: the last evaluation.
        columns: the columns that it must have; None: any.
    """
    if not os.path.lexists(path):
        return []
    try:
        rows = _rows(read_text(path, MOST_BYTES, follow=False), columns)
        return [row for row in rows if int(row["evaluation"]) <= last]
    except (OSError, DataError, ValueError, KeyError, csv.Error) as error:
        own_files.set_aside(path, error)
        return []


def _rows(text: str, columns: Sequence[str] | None) -> Iterator[dict[str, str]]:
    """The complete rows of `text`.

    Raises:
        ValueError, KeyError, csv.Error: a value is not a number, or a column is missing.
    """
    table = csv.DictReader(io.StringIO(text, newline=""))
    if columns is not None and table.fieldnames is not None and list(table.fieldnames) != list(columns):
        raise ValueError("its columns are not those of this run")
    for row in table:
        if None in row or not all(row.values()):
            continue
        int(row["evaluation"])
        for value in row.values():
            float(value)
        yield row


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
