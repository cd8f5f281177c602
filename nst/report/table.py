"""summary.csv, and the table that a sweep prints at its end."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from nst import settings
from nst.errors import printable
from nst.report.runs import FIGURES, METRICS, Run

FILE = "summary.csv"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last are full-width
LETTERS = 1000  # of a cell, at most
WIDEST = 14  # letters of a setting's name that a column reserves, at most
COLORS = {
    "done": "green",
    "running": "cyan",
    **dict.fromkeys(("interrupted", "unfinished", "pruned"), "yellow"),
}  # any other status is red


def rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return one row per run: status, overridden settings, figures, losses, network, start time and error.

    All rows have the same columns; None fills those that a run lacks.
    """
    asked = list(dict.fromkeys(name for run in runs for name in settings.overridden(run.overrides)))
    losses = list(dict.fromkeys(name for run in runs for name in _losses(run)))
    return [_row(run, asked, losses) for run in runs]


def _row(run: Run, asked: Sequence[str], losses: Sequence[str]) -> dict[str, Any]:
    names = settings.overridden(run.overrides)
    given = {name: text.partition("=")[2] for name, text in zip(names, run.overrides, strict=True)}
    weighed = _losses(run)
    return {
        "run": run.name,
        "status": run.status,
        **{name: run.settings.get(name, given.get(name)) for name in asked},
        **{name: run.figure(name) for name in FIGURES},
        **{name: weighed.get(name) for name in losses},
        "metric_network": run.metric_network,
        "started": run.record.get("started"),
        "error": run.error,
    }


def as_csv(runs: Sequence[Run]) -> str:
    """Return `rows` as the text of summary.csv."""
    text, found = io.StringIO(newline=""), rows(runs)
    writer = csv.writer(text)
    for cells in (found[0].keys(), *(row.values() for row in found)):
        writer.writerow(map(_harmless, cells))
    return text.getvalue()


def _harmless(value: Any) -> Any:
    """Prefix text that a spreadsheet would evaluate as a formula, so that it does not."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _losses(run: Run) -> dict[str, float]:
    """Return the losses of the last evaluation: weighted as `loss/...`, canonical as `term/...`."""
    return {
        f"{kind}/{term}/{layer}": value
        for kind, terms in (("loss", run.record.get("weighted")), ("term", run.record.get("canonical")))
        for term, values in (terms or {}).items()
        for layer, value in values.items()
    }


def terminal(runs: Sequence[Run]) -> Table:
    """Return the table for a terminal: settings that vary, metrics, time and status."""
    varied = settings.varied([(run.overrides, run.settings) for run in runs])
    table = Table(box=None, pad_edge=False, header_style="bold")
    for knob in varied or ["run"]:
        table.add_column(_cell(settings.short(knob)), overflow="fold", min_width=min(len(settings.short(knob)), WIDEST))
    for name in (*METRICS, "time"):
        table.add_column(name.removesuffix("_distance"), justify="right", min_width=7)
    table.add_column("status", min_width=max((len(run.status) for run in runs), default=0))
    for run in runs:
        names = [settings.displayed(run.settings.get(knob)) for knob in varied] or [run.name]
        figures = ["" if (value := run.figure(name)) is None else f"{value:.4f}" for name in METRICS]
        seconds = run.figure("seconds")
        cells = [*names, *figures, f"{seconds:.0f} s" if seconds is not None else ""]
        table.add_row(*map(_cell, cells), _cell(run.status, COLORS.get(run.status, "red")))
    return table


def _cell(text: str, style: str = "") -> Text:
    return Text(printable(text[:LETTERS]), style)


def failures(runs: Sequence[Run]) -> list[str]:
    """Return one line for each run that is neither done nor pruned: name, status and error."""
    return [
        printable(f"{run.name}: {run.status}{f', {run.error}' if run.error else ''}")
        for run in runs
        if run.status not in ("done", "pruned")
    ]
