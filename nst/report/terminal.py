"""The table that a sweep prints at its end."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nst import settings
from nst.errors import printable
from nst.report.findings import Findings
from nst.report.findings_table import cells
from nst.report.labels import common, tagged_apart
from nst.report.runs import METRICS, Run

LETTERS = 1000  # of a cell, at most
WIDEST = 14  # letters of a name that are never folded, at most
UNFOLDED = 56  # the same, if the terminal is wide enough
GAP = 2  # columns between those of the table
STATUS = "status"  # the column with colors
SHORT = 4  # letters that are not worth a `…`
COLORS = {
    "done": "green",
    "running": "cyan",
    **dict.fromkeys(("interrupted", "unfinished", "pruned"), "yellow"),
}  # any other status is red


class Column(NamedTuple):
    """A column of the table.

    Args:
        name: its heading.
        texts: a cell for each row.
        widest: a longer text may be folded to this width; None: no text is folded.
        right: whether texts are aligned to the right.
    """

    name: str
    texts: Sequence[str]
    widest: int | None = None
    right: bool = False

    @property
    def least(self) -> int:
        """The letters that the column needs."""
        longest = max(map(len, (self.name, *self.texts)))
        return longest if self.widest is None else min(longest, self.widest)


def show(runs: Sequence[Run], found: Findings | None, console: Console) -> None:
    """Print a row per setting if settings are compared, else per run, and lines about all runs.

    Where the terminal is narrow, names get shorter and less important columns go; figures and statuses stay whole.
    """
    forms = _of_runs(runs) if found is None else _of_settings(found)
    columns = next((form for form in forms if _width(form) <= console.width), forms[-1])
    console.print(_table(columns), width=max(console.width, _width(columns)), crop=False)  # lines wrap; nothing is lost
    for line in [*([found.caption] if found else []), *(common(runs) if runs else [])]:
        console.print(_cell(line))


def failures(runs: Sequence[Run]) -> list[str]:
    """Return one line for each run that is neither done nor pruned: name, status and error."""
    return [
        printable(f"{run.name}: {run.status}{f', {run.error}' if run.error else ''}")
        for run in runs
        if run.status not in ("done", "pruned")
    ]


def without_common(texts: Sequence[str]) -> list[str]:
    """`texts` with `…` for the words that all begin with or end with, if the texts differ and these words are long."""
    if len(set(texts)) < 2:
        return list(texts)
    words = [re.findall(r"[^\W_]+|[\W_]+", text) for text in texts]
    before = _shared(words)
    after = _shared([line[before:][::-1] for line in words])
    start, end = "".join(words[0][:before]), "".join(words[0][len(words[0]) - after :])
    start, end = (text if len(text) < SHORT else "…" for text in (start, end))
    return [f"{start}{''.join(line[before : len(line) - after])}{end}" for line in words]


def _shared(lines: Sequence[Sequence[str]]) -> int:
    """The number of words that all lines begin with."""
    different = (place for place, words in enumerate(zip(*lines, strict=False)) if len(set(words)) > 1)
    return next(different, min(map(len, lines)))


def _of_settings(findings: Findings) -> list[list[Column]]:
    """Means, differences and wins of the compared metrics, runs and mean time; then fewer of them."""
    times = [_time([run.figure("seconds") for run in setting.runs]) for setting in findings.settings]
    counts = [str(len(setting.runs)) for setting in findings.settings]
    about = [Column("runs", counts, right=True), Column("time", times, right=True)]
    complete, means = (_of_cells(cells(findings, short=short)) for short in (False, True))
    return [[*complete, *about], complete, [*means, *about], means]


def _of_cells(lines: Sequence[Sequence[str]]) -> list[Column]:
    names, *rows = lines
    first, *figures = [
        Column(name.replace(" distance", ""), texts, right=True)
        for name, texts in zip(names, zip(*rows, strict=True), strict=True)
    ]
    return [first._replace(widest=2 * WIDEST, right=False), *figures]


def _time(seconds: Sequence[float | None]) -> str:
    """The mean of the known times."""
    known = [value for value in seconds if value is not None]
    return f"{sum(known) / len(known):.0f} s" if known else ""


def _of_runs(runs: Sequence[Run]) -> list[list[Column]]:
    """Settings that vary, metrics, time and status; then with shorter names; then with all settings in one column."""
    varied = settings.varied([(run.overrides, run.settings) for run in runs])
    texts = {knob: settings.labels(run.settings.get(knob) for run in runs) for knob in varied}
    columns = [Column(settings.short(knob), [texts[knob][run.settings.get(knob)] for run in runs]) for knob in varied]
    named = [all(map(settings.is_picture, texts[knob])) for knob in varied]
    if not varied:
        columns, named = [Column("run", [run.name for run in runs])], [True]
    short = [
        column._replace(texts=without_common(column.texts) if long else column.texts)
        for column, long in zip(columns, named, strict=True)
    ]
    parts = [[f"{column.name}={text}" for text in column.texts] for column in short]
    together = Column("setting", [", ".join(row) for row in zip(*parts, strict=True)], WIDEST)
    figures = _figures(runs)
    forms = [
        [column._replace(widest=widest) for column in form] for form, widest in ((columns, UNFOLDED), (short, WIDEST))
    ]
    return [[*form, *figures] for form in (*forms, *([[together]] if varied else []))]


def _figures(runs: Sequence[Run]) -> list[Column]:
    """Metrics, time, tags if they tell runs from each other, and status."""
    metrics = [
        Column(name.removesuffix("_distance"), [_metric(run.figure(name)) for run in runs], right=True)
        for name in METRICS
    ]
    times = Column("time", [_time([run.figure("seconds")]) for run in runs], right=True)
    tags = [Column("tags", [", ".join(run.tags) for run in runs], WIDEST)] if tagged_apart(runs) else []
    return [*metrics, times, *tags, Column(STATUS, [run.status for run in runs])]


def _metric(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _width(columns: Sequence[Column]) -> int:
    """The columns of a terminal that the table needs."""
    return sum(column.least + GAP for column in columns) - GAP


def _table(columns: Sequence[Column]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    for column in columns:
        justify = "right" if column.right else "left"
        table.add_column(_cell(column.name), justify=justify, overflow="fold", min_width=column.least)
    for row in zip(*(column.texts for column in columns), strict=True):
        styles = [
            COLORS.get(text, "red") if column.name == STATUS else "" for column, text in zip(columns, row, strict=True)
        ]
        table.add_row(*map(_cell, row, styles))
    return table


def _cell(text: str, style: str = "") -> Text:
    return Text(printable(text[:LETTERS]), style)
