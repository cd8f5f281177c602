"""history.csv: every loss at every step, for spreadsheets and pandas."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any, TextIO

from nst.errors import check_count
from nst.observers import Every, Run, gradient_norm, losses
from nst.record import Iterate

FILE = "history.csv"


class History:
    """One row per logged step: where, when, the gradient's norm, the total, and each term weighted and canonical.

    Args:
        every: evaluations between rows, at least 1.
    """

    def __init__(self, every: int = 1) -> None:
        self.every = check_count("observers.history.every", every, at_least=1)
        self._file: TextIO | None = None
        self._writer: Any = None

    def open(self, run: Run) -> None:
        """Begin the file anew."""
        self._file = (run.folder / FILE).open("w", newline="", encoding="utf-8")
        self._due, self._writer = Every(self.every), None

    def __call__(self, iterate: Iterate) -> None:
        """Write a row, if one is due."""
        if self._file is None or not self._due(iterate.evaluation):
            return
        row = _row(iterate)
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, list(row))
            self._writer.writeheader()
        self._writer.writerow(row)
        self._file.flush()

    def close(self, record: Mapping[str, Any]) -> None:
        """End the file."""
        del record
        if self._file is not None:
            self._file.close()
            self._file = None


def _row(iterate: Iterate) -> dict[str, Any]:
    point = iterate.point
    row: dict[str, Any] = {
        "level": iterate.level,
        "evaluation": iterate.evaluation,
        "seconds": round(iterate.seconds, 3),
    }
    row["gradient_norm"] = f"{gradient_norm(point.gradient):.7g}"
    row.update({tag: f"{float(value):.9g}" for tag, value in losses(point)})
    return row
