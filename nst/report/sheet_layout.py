"""The layout of the contact sheet: which run goes where, with which words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nst import settings
from nst.report.findings import Findings
from nst.report.findings_table import cells
from nst.report.groups import Setting, grouped
from nst.report.labels import common, tagged_apart
from nst.report.pairs import names
from nst.report.runs import Run
from nst.state import Metric

LINES = 12  # settings in a caption, at most
ACROSS = 6  # pictures per line, if the runs have no grid
MOST_ACROSS = 36  # columns of a grid of settings and pairs
CAPTIONED = (Metric.style_distance, Metric.content_distance)  # figures under a picture

Thumbs = Mapping[str, Path]  # {a run's folder, or a picture's sha256: a small copy}


@dataclass(frozen=True)
class Label:
    """The heading of a column or row."""

    text: str
    picture: Path | None = None
    more: Sequence[str] = ()  # lines below the text


@dataclass(frozen=True)
class Cell:
    """One run, and the caption under its picture."""

    run: Run
    caption: Sequence[str] = ()  # lines
    figures: str = ""


@dataclass(frozen=True)
class Layout:
    """Cells in rows; None leaves a place empty. Without labels, the captions contain all settings that vary."""

    rows: list[list[Cell | None]]
    columns: list[Label]
    sides: list[Label]
    axes: tuple[str, str] = ("", "")  # the settings of the columns and of the rows
    below: Sequence[str] = ()  # paragraphs below all pictures


def arrange(
    runs: Sequence[Run], varied: Sequence[str], thumbs: Thumbs, fewest: int, findings: Findings | None
) -> Layout:
    """The layout of one or more runs: settings against pairs, else a grid for two settings, else a list."""
    layout = (findings and _settings_and_pairs(runs, findings)) or _grid(runs, varied, thumbs)
    layout = layout or _captioned(runs, varied, fewest)
    return replace(layout, below=[*layout.below, *common(runs)])


def _settings_and_pairs(runs: Sequence[Run], findings: Findings) -> Layout | None:
    """Settings as columns and pairs as rows, or the other way if there are more pairs; None if there are too many.

    The picture of a place is that of the first finished seed, else what is known of an unfinished one; the figures are
    means over the seeds that were measured like the baseline.
    """
    pair_of, settings = names(runs), grouped(runs, unfinished=True)
    pairs = list(dict.fromkeys(pair_of[run] for setting in settings for run in setting.runs))
    if max(len(settings), len(pairs)) > MOST_ACROSS:
        return None
    measured = {
        run: pair for run, pair in pair_of.items() if run.status == "done" and run.measured_by == findings.measured_by
    }
    columns = [_of_pairs(setting, pair_of, measured, pairs) for setting in settings]
    head, *lines = cells(findings, short=True)
    shown = {run: line for own, line in zip(findings.settings, lines, strict=True) for run in own.runs}
    heads = [_setting_label(_line(setting, shown), head) for setting in settings]
    sides = [Label(pair) for pair in pairs]
    rows = [list(row) for row in zip(*columns, strict=True)]
    below = [findings.caption, *findings.problems]
    if len(pairs) > len(heads):
        return Layout(columns, sides, heads, ("pair", "setting"), below)
    return Layout(rows, heads, sides, ("setting", "pair"), below)


def _of_pairs(
    setting: Setting, pair_of: Mapping[Run, str], measured: Mapping[Run, str], pairs: Sequence[str]
) -> list[Cell | None]:
    """A setting's cell for each pair, None if it has no run of it."""
    best: dict[str, Run] = {}
    for run in sorted(setting.runs, key=lambda run: run.status != "done"):
        best.setdefault(pair_of[run], run)
    values = [setting.values(metric, measured) for metric in CAPTIONED]
    return [
        Cell(best[pair], figures=figures([own.get(pair) for own in values])) if pair in best else None for pair in pairs
    ]


def _line(setting: Setting, shown: Mapping[Run, Sequence[str]]) -> Sequence[str]:
    """The name and the means of a setting that is compared; the name of another one."""
    return next((shown[run] for run in setting.runs if run in shown), [setting.name])


def _setting_label(line: Sequence[str], head: Sequence[str]) -> Label:
    name, *means = line
    first, *more = name.split(", ")
    titles = [title.split()[0] for title in head[1:]]  # the font has no arrows
    return Label(first, None, [*more, *(f"{title} {mean}" for title, mean in zip(titles, means, strict=False))])


def figures(values: Sequence[float | None]) -> str:
    """Style and content distance as displayed under a picture; empty if one is missing."""
    style, content = values
    return "" if style is None or content is None else f"style {style:.3f}  content {content:.2f}"


def _grid(runs: Sequence[Run], varied: Sequence[str], thumbs: Thumbs) -> Layout | None:
    """Arrange two settings as columns and rows, the one with more values across.

    Returns None if two runs share a place, or if most places are empty.
    """
    if len(varied) != 2:
        return None
    values = {knob: sorted({_value(run, knob) for run in runs}, key=_order) for knob in varied}
    across, down = sorted(varied, key=lambda knob: -len(values[knob]))
    places = {(_value(run, down), _value(run, across)): run for run in runs}
    if len(places) != len(runs) or 2 * len(runs) < len(values[across]) * len(values[down]):
        return None
    rows = [[_cell(run) if (run := places.get((y, x))) else None for x in values[across]] for y in values[down]]
    columns, sides = (_labels(knob, values[knob], runs, thumbs) for knob in (across, down))
    return Layout(rows, columns, sides, (settings.short(across), settings.short(down)))


def _captioned(runs: Sequence[Run], varied: Sequence[str], fewest: int) -> Layout:
    """Arrange all runs in lines (at least `fewest`, if there are enough runs), sorted by their captions' values."""
    tagged = tagged_apart(runs)
    ordered = sorted(runs, key=lambda run: [_order(_value(run, knob)) for knob in varied])
    texts = {knob: settings.labels(_value(run, knob) for run in runs) for knob in varied}
    cells: list[Cell | None] = [_cell(run, _caption(run, texts, tagged)) for run in ordered]
    across = ACROSS if len(cells) <= ACROSS**2 else round((1.5 * len(cells)) ** 0.5)
    lines = max(-(-len(cells) // across), min(fewest, len(cells) // 2))
    across = -(-len(cells) // lines)  # lines of about equal length
    cells += [None] * (lines * across - len(cells))
    return Layout([cells[start : start + across] for start in range(0, len(cells), across)], [], [])


def _cell(run: Run, caption: Sequence[str] = ()) -> Cell:
    return Cell(run, caption, figures([run.figure(metric.value) for metric in CAPTIONED]))


def _caption(run: Run, varied: Mapping[str, Mapping[Any, str]], tagged: bool) -> list[str]:
    """Return the lines of a caption: the settings that vary, at most `LINES`, else the run's name; then its tags.

    `varied` has the texts of the values of each setting.
    """
    shown = list(varied) if len(varied) <= LINES else list(varied)[: LINES - 1]
    lines = [f"{settings.short(knob)} {varied[knob][_value(run, knob)]}" for knob in shown] or [run.name]
    lines += [f"and {len(varied) - len(shown)} more settings"] if len(shown) < len(varied) else []
    return [*lines, f"tags {', '.join(run.tags) or '-'}"] if tagged else lines


def _value(run: Run, knob: str) -> settings.Value | None:
    return run.settings.get(knob)


def _order(value: settings.Value | None) -> tuple[bool, float, str]:
    number = isinstance(value, int | float)
    return (not number, float(value) if number else 0.0, str(value))


def _labels(knob: str, values: Sequence[Any], runs: Sequence[Run], thumbs: Thumbs) -> list[Label]:
    """The headings of the values of a setting; if it chooses a picture, with that picture."""
    texts = settings.labels(values)
    role = next((role for role in settings.PICTURED if knob in (role, f"{role}.image")), None)
    having = [next(run for run in runs if _value(run, knob) == value) for value in values]
    pictures = [thumbs.get(str(run.pictures.get(role, {}).get("sha256"))) if role else None for run in having]
    return [Label(texts[value], picture) for value, picture in zip(values, pictures, strict=True)]


def constant(runs: Sequence[Run], varied: Sequence[str], thumbs: Thumbs) -> list[Label]:
    """Return the source pictures that all runs share."""
    labels = []
    for role in dict.fromkeys(role for run in runs for role in run.pictures):
        digests = {str(run.pictures[role].get("sha256")) for run in runs if role in run.pictures}
        if len(digests) == 1 and not any(knob in (role, f"{role}.image") for knob in varied):
            labels.append(Label(role, thumbs.get(digests.pop())))
    return [label for label in labels if label.picture]
