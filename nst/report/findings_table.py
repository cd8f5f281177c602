"""The comparison of settings as comparison.csv and as tables in Markdown and LaTeX."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from nst.report import spreadsheet
from nst.report.comparison import Interval
from nst.report.findings import Findings
from nst.report.groups import Setting
from nst.state import Metric

CSV, MARKDOWN, LATEX = "comparison.csv", "comparison.md", "comparison.tex"
FILES = (CSV, MARKDOWN, LATEX)
DIGITS = 6
"""Significant digits in comparison.csv."""
DECIMALS = 6
"""In a cell, at most."""
MARK = " *"
"""Follows a difference that is significant."""
EQUAL = 1e-9
"""Halves of intervals below this part of the mean are rounding errors."""
ARROWS = {"minimize": "↓", "maximize": "↑"}
MINUS = re.compile(r"(?<![\w-])-(?=\d)")
"""The sign of a number, which is not a hyphen in LaTeX."""
IN_MARKDOWN = {**{letter: f"\\{letter}" for letter in "\\`*[]|"}, "<": "&lt;", "&": "&amp;"}
IN_LATEX = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "|": r"\textbar{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
}


def files(findings: Findings) -> dict[str, str]:
    """`{name: text}` of all files."""
    return {CSV: as_csv(findings), MARKDOWN: as_markdown(findings), LATEX: as_latex(findings)}


def as_csv(findings: Findings) -> str:
    """A row per setting and metric: the mean and the difference from the baseline, which is empty for the baseline."""
    return spreadsheet.as_csv(
        [_row(findings, setting, metric) for setting in findings.settings for metric in findings.means]
    )


def _row(findings: Findings, setting: Setting, metric: Metric) -> dict[str, Any]:
    found = findings.differences[metric].get(setting)
    return {
        "setting": setting.name,
        "metric": metric.value,
        "runs": len(setting.runs),
        "pairs": len(findings.pairs),
        **_figures("mean", findings.means[metric][setting]),
        "pareto": setting in findings.best,
        "baseline": findings.baseline.name,
        **_figures("difference", found.interval if found else None),
        "wins": found.wins if found else None,
        "p": rounded(found.p) if found else None,
        "p_adjusted": rounded(found.adjusted) if found else None,
        "different": found.significant if found else None,
    }


def _figures(name: str, found: Interval | None) -> dict[str, float | None]:
    values = map(rounded, (found.mean, found.low, found.high)) if found else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))


def rounded(value: float) -> float:
    """A number with `DIGITS` significant digits."""
    return float(f"{value:.{DIGITS}g}")


def as_markdown(findings: Findings) -> str:
    """The table in Markdown, with one line below that explains it."""
    head, *rows = _escaped(cells(findings), IN_MARKDOWN)
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table}\n\n{_letters(findings.caption, IN_MARKDOWN)}\n"


def as_latex(findings: Findings) -> str:
    """The table for LaTeX with the package booktabs; a comment above explains it."""
    lines = [" & ".join(line) for line in _escaped(cells(findings), IN_LATEX)]
    head, *rows = [rf"{MINUS.sub('$-$', line)} \\" for line in lines]
    begin = rf"\begin{{tabular}}{{l{'r' * head.count(' & ')}}}"
    return "\n".join(
        [f"% {findings.caption}", begin, r"\toprule", head, r"\midrule", *rows, r"\bottomrule", r"\end{tabular}", ""]
    )


def cells(findings: Findings, metrics: Sequence[Metric] | None = None, *, short: bool = False) -> list[list[str]]:
    """The head and a row per setting: for each metric the mean, the difference from the baseline, and the wins.

    Args:
        findings: the comparison.
        metrics: of the columns; None: the compared ones.
        short: only means, and the mark of a difference.
    """
    head, rows = ["setting"], [[setting.name] for setting in findings.settings]
    for metric in findings.axes if metrics is None else metrics:
        title = f"{metric.value.replace('_', ' ')} {ARROWS[metric.direction]}"
        head += [title] if short else [title, "difference", "wins"]
        for setting, row in zip(findings.settings, rows, strict=True):
            row += _short(findings, metric, setting) if short else _complete(findings, metric, setting)
    return [head, *rows]


def _short(findings: Findings, metric: Metric, setting: Setting) -> list[str]:
    found = findings.differences[metric].get(setting)
    mean = text(findings.means[metric][setting])
    return [mean + (MARK if found and found.significant else " " * len(MARK))]


def _complete(findings: Findings, metric: Metric, setting: Setting) -> list[str]:
    found, mean = findings.differences[metric].get(setting), text(findings.means[metric][setting])
    if found is None:
        return [mean, "baseline", ""]
    return [mean, f"{text(found.interval)}{MARK if found.significant else ''}", f"{found.wins}/{found.interval.count}"]


def text(found: Interval) -> str:
    """An interval as `0.064 ± 0.012`: its half has two significant digits, with at most `DECIMALS` decimals."""
    half = found.half if found.half > EQUAL * abs(found.mean) else 0.0
    decimals = min(max(1 - math.floor(math.log10(half)), 0), DECIMALS) if half else 1
    return f"{found.mean:.{decimals}f} ± {half:.{decimals}f}"


def _escaped(table: Sequence[Sequence[str]], special: Mapping[str, str]) -> list[list[str]]:
    return [[_letters(cell, special) for cell in line] for line in table]


def _letters(text: str, special: Mapping[str, str]) -> str:
    return "".join(special.get(letter, letter) for letter in text)
