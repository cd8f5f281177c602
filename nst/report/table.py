"""summary.csv, and the table a sweep ends with."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from nst import settings
from nst.report.runs import FIGURES, METRICS, Run
from nst.runtime.atomic import atomic

FILE = "summary.csv"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
WIDEST = 14  # letters of a knob's name that a column has room for
COLORS = {
    "done": "green",
    "running": "cyan",
    **dict.fromkeys(("interrupted", "unfinished", "pruned"), "yellow"),
}  # what else is, is red


def write_csv(path: Path, runs: Sequence[Run]) -> None:
    """One row per run: status, every overridden knob, every figure and loss, when it began, why it is not done."""
    asked = list(dict.fromkeys(knob for run in runs for knob in settings.overridden(run.overrides)))
    losses = list(dict.fromkeys(name for run in runs for name in _losses(run)))
    with atomic(path) as part, part.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow(["run", "status", *asked, *FIGURES, *losses, "metric_network", "started", "error"])
        for run in runs:
            figures, weighed = (run.figure(name) for name in FIGURES), _losses(run)
            given = {
                knob: text.partition("=")[2]
                for knob, text in zip(settings.overridden(run.overrides), run.overrides, strict=True)
            }
            asked_for = (run.settings.get(knob, given.get(knob)) for knob in asked)
            rest = (run.metric_network, run.record.get("started"), run.error)
            row = [run.name, run.status, *asked_for, *figures, *(weighed.get(n) for n in losses), *rest]
            writer.writerow(map(_harmless, row))


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula, marked as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _losses(run: Run) -> dict[str, float]:
    """Every loss of the last evaluation: `loss/...` as weighted, `term/...` as canonical."""
    return {
        f"{kind}/{term}/{layer}": value
        for kind, terms in (("loss", run.record.get("weighted")), ("term", run.record.get("canonical")))
        for term, values in (terms or {}).items()
        for layer, value in values.items()
    }


def terminal(runs: Sequence[Run]) -> Table:
    """The table for a terminal: what varies, the metrics, how long it took, how it ended."""
    varied = settings.varied([(run.overrides, run.settings) for run in runs])
    table = Table(box=None, pad_edge=False, header_style="bold")
    for knob in varied or ["run"]:
        table.add_column(settings.short(knob), overflow="fold", min_width=min(len(settings.short(knob)), WIDEST))
    for name in (*METRICS, "time"):
        table.add_column(name.removesuffix("_distance"), justify="right", min_width=7)
    table.add_column("status", min_width=max((len(run.status) for run in runs), default=0))
    for run in runs:
        names = [settings.displayed(run.settings.get(knob)) for knob in varied] or [run.name]
        figures = ["" if (value := run.figure(name)) is None else f"{value:.4f}" for name in METRICS]
        seconds = run.figure("seconds")
        cells = [*names, *figures, f"{seconds:.0f} s" if seconds is not None else ""]
        table.add_row(*map(Text, cells), Text(run.status, COLORS.get(run.status, "red")))
    return table


def failures(runs: Sequence[Run]) -> list[str]:
    """A line for each run that ended otherwise than it was to end: its name, and why."""
    return [
        f"{run.name}: {run.status}{f', {run.error}' if run.error else ''}"
        for run in runs
        if run.status not in ("done", "pruned")
    ]
