"""summary.csv, and the table that a sweep prints at its end."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from nst import settings
from nst.errors import printable
from nst.report import spreadsheet
from nst.report.findings import Findings
from nst.report.findings_table import cells
from nst.report.groups import setting_names
from nst.report.labels import common, tagged_apart
from nst.report.pairs import names
from nst.report.runs import FIGURES, METRICS, Run
from nst.setting_rules import of_a_command

FILE = "summary.csv"
LETTERS = 1000  # of a cell, at most
WIDEST = 14  # letters of a setting's name that a column reserves, at most
COLORS = {
    "done": "green",
    "running": "cyan",
    **dict.fromkeys(("interrupted", "unfinished", "pruned"), "yellow"),
}  # any other status is red


def rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return one row per run.

    Its columns are status, setting, pair, seed, tags, notes, overridden settings, figures, losses, network, start time
    and error.

    All rows have the same columns; None fills those that a run lacks.
    """
    given = dict.fromkeys(name for run in runs for name in settings.overridden(run.overrides))
    asked = [name for name in given if not of_a_command(name)]
    losses = list(dict.fromkeys(name for run in runs for name in _losses(run)))
    settings_of, pairs = setting_names(runs), names(runs)
    return [_row(run, settings_of.get(run), pairs[run], asked, losses) for run in runs]


def as_csv(runs: Sequence[Run]) -> str:
    """Return `rows` as the text of summary.csv."""
    return spreadsheet.as_csv(rows(runs))


def _row(run: Run, setting: str | None, pair: str, asked: Sequence[str], losses: Sequence[str]) -> dict[str, Any]:
    names = settings.overridden(run.overrides)
    given = {name: text.partition("=")[2] for name, text in zip(names, run.overrides, strict=True)}
    weighed = _losses(run)
    about = {"setting": setting, "pair": pair, "seed": run.settings.get("seed"), "tags": ", ".join(run.tags)}
    about |= {"notes": run.notes}
    return {
        "run": run.name,
        "status": run.status,
        **about,
        **{name: run.settings.get(name, given.get(name)) for name in asked if name not in about},
        **{name: run.figure(name) for name in FIGURES},
        **{name: weighed.get(name) for name in losses},
        "metric_network": run.metric_network,
        "started": run.record.get("started"),
        "error": run.error,
    }


def _losses(run: Run) -> dict[str, float]:
    """Return the losses of the last evaluation: weighted as `loss/...`, canonical as `term/...`."""
    return {
        f"{kind}/{term}/{layer}": value
        for kind, terms in (("loss", run.record.get("weighted")), ("term", run.record.get("canonical")))
        for term, values in (terms or {}).items()
        for layer, value in values.items()
    }


def terminal(runs: Sequence[Run], found: Findings | None) -> Group:
    """Return the table for a terminal: a row per setting if settings are compared, else per run."""
    table = _of_runs(runs) if found is None else _of_settings(found)
    below = [*([found.caption] if found else []), *(common(runs) if runs else [])]
    return Group(table, *map(_cell, below))


def _of_settings(findings: Findings) -> Table:
    """Means, differences and wins of the compared metrics, and the mean time of a run."""
    head, *rows = cells(findings)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(head[0], overflow="fold", min_width=min(max(len(row[0]) for row in rows), 2 * WIDEST))
    for name in (*head[1:], "runs", "time"):
        table.add_column(name.replace(" distance", ""), justify="right", no_wrap=True)
    for setting, row in zip(findings.settings, rows, strict=True):
        seconds = [value for run in setting.runs if (value := run.figure("seconds")) is not None]
        time = f"{sum(seconds) / len(seconds):.0f} s" if seconds else ""
        table.add_row(*map(_cell, row), str(len(setting.runs)), time)
    return table


def _of_runs(runs: Sequence[Run]) -> Table:
    """Settings that vary, metrics, time and status."""
    varied = settings.varied([(run.overrides, run.settings) for run in runs])
    table = Table(box=None, pad_edge=False, header_style="bold")
    for knob in varied or ["run"]:
        table.add_column(_cell(settings.short(knob)), overflow="fold", min_width=min(len(settings.short(knob)), WIDEST))
    for name in (*METRICS, "time"):
        table.add_column(name.removesuffix("_distance"), justify="right", min_width=7)
    tagged = tagged_apart(runs)
    if tagged:
        table.add_column("tags")
    table.add_column("status", min_width=max((len(run.status) for run in runs), default=0))
    for run in runs:
        chosen = [settings.displayed(run.settings.get(knob)) for knob in varied] or [run.name]
        figures = ["" if (value := run.figure(name)) is None else f"{value:.4f}" for name in METRICS]
        seconds = run.figure("seconds")
        line = [*chosen, *figures, f"{seconds:.0f} s" if seconds is not None else ""]
        line += [", ".join(run.tags)] if tagged else []
        table.add_row(*map(_cell, line), _cell(run.status, COLORS.get(run.status, "red")))
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
