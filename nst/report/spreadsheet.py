"""CSV files for spreadsheets."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last are full-width


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """The text of a CSV file with the keys of the first row as its head; None becomes an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for cells in (rows[0].keys(), *(row.values() for row in rows)):
        writer.writerow(map(_harmless, cells))
    return text.getvalue()


def _harmless(value: Any) -> Any:
    """Prefix text that a spreadsheet would evaluate as a formula, so that it does not."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
