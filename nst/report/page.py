"""Write index.html and its data. The data are scripts, because a page opened from a disk cannot fetch files."""

import importlib.resources
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from nst import settings
from nst.bounded import DataError
from nst.report import labels, page_comparison, pareto
from nst.report.findings import Findings
from nst.report.out import Out
from nst.report.pictures import FOLDER as PICTURES
from nst.report.pictures import Displayed, Original
from nst.report.runs import FIGURES, HISTORY, METRICS, Run
from nst.runner.folder import at_home
from nst.runtime import shell
from nst.runtime.data_files import read_text
from nst.setting_rules import of_a_command
from nst.state import Metric

FILE = "index.html"
DATA, CURVES = "data.js", "curves"
HISTORY_BYTES, MOST_COLUMNS = 2**25, 1000  # of a history.csv, at most
CHOOSES_CODE = re.compile(r"^-|_target_|^[~+]*hydra\b")  # overrides
POINTS = 120  # points of a curve, at most
TOGETHER = 20  # runs with their curves in one file
UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


Sources = Mapping[str, tuple[Original, Displayed | None]]
"""{sha256: a source picture and its copies}."""


def write(
    out: Out,
    title: str,
    runs: Sequence[Run],
    missing: int,
    results: Mapping[Path, Displayed],
    sources: Sources,
    findings: Findings | None,
) -> None:
    """Write the page's files to the folder `out`, which already contains the pictures."""
    for part in (importlib.resources.files("nst.report") / "static").iterdir():
        out.write_text(part.name, part.read_text(encoding="utf-8"))
    data = _data(title, runs, results, sources, findings) | {"notStarted": missing}
    out.write_text(DATA, f"NST.data = {_script(data)};\n")
    _write_curves(out, runs)


def _write_curves(out: Out, runs: Sequence[Run]) -> None:
    """Write scripts with the curves of `TOGETHER` runs each to curves/, and delete scripts of earlier reports."""
    written = set()
    for start in range(0, len(runs), TOGETHER):
        some = enumerate(runs[start : start + TOGETHER], start)
        series = {_id(index): curves(run.folder / HISTORY) for index, run in some}
        out.write_text(path := _curves_file(start), f"NST.curves({_script(series)});\n")
        written.add(path)
    for old in out.names(CURVES):
        if old not in written and re.fullmatch(rf"{CURVES}/\d+\.js", old):
            out.remove(old)


def _curves_file(index: int) -> str:
    """Return the file with the curves of run number `index`."""
    return f"{CURVES}/{index // TOGETHER}.js"


def _id(index: int) -> str:
    """Return the page's id of run number `index`."""
    return f"r{index}"


def _data(
    title: str, runs: Sequence[Run], results: Mapping[Path, Displayed], sources: Sources, findings: Findings | None
) -> dict[str, Any]:
    varied = settings.varied([(run.overrides, run.settings) for run in runs])
    common = _common(runs)
    best = {run for setting in findings.best for run in setting.runs} if findings else pareto.front(runs)
    abouts = page_comparison.of_runs(runs, findings)
    measures = {how: index for index, how in enumerate(dict.fromkeys(run.measured_with for run in runs))}
    return {
        "title": title,
        "made": datetime.now(UTC).isoformat(timespec="minutes"),
        "varied": [{"name": knob, "short": settings.short(knob)} for knob in varied],
        "labels": settings.labels(
            value for run in runs for value in run.settings.values() if settings.is_picture(value)
        ),
        "metrics": list(METRICS),
        "figures": list(FIGURES),
        "axes": list(pareto.axes(runs)),
        "higher": [metric.value for metric in Metric if metric.direction == "maximize"],  # is better
        "about": labels.common(runs),
        "common": common,
        "shell": shell.name(),  # of `commands`
        "originals": {
            digest: {"role": original.role, "name": original.name, "credit": original.credit} | _files(copies)
            for digest, (original, copies) in sources.items()
        },
        "runs": [
            {
                "id": _id(index),
                "name": run.name,
                "status": run.status,
                "error": run.error,
                "settings": {knob: value for knob, value in run.settings.items() if common.get(knob) != value},
                "figures": {figure: value for figure in FIGURES if (value := run.figure(figure)) is not None},
                "best": run in best,
                "measuredWith": measures[run.measured_with],
                "madeOf": [str(entry.get("sha256")) for entry in run.pictures.values()],
                "started": run.record.get("started"),
                "curves": _curves_file(index),
                "commands": commands(run),
            }
            | about
            | _files(results.get(run.picture) if run.picture else None)
            for index, (run, about) in enumerate(zip(runs, abouts, strict=True))
        ],
        **page_comparison.data(runs, findings),
    }


def commands(run: Run) -> list[str]:
    """Return the commands that repeat the run: from its folder, and from anywhere with the same pictures.

    The second is left out for a pair of a suite, which chooses the pictures, and if the overrides, which may be
    anybody's, choose code or configs.
    """
    folder = run.folder.relative_to(Path.cwd()) if run.folder.is_relative_to(Path.cwd()) else run.folder
    keys = settings.overridden(run.overrides)
    single = [text for key, text in zip(keys, run.overrides, strict=True) if not of_a_command(key)]
    repeat = f"python -m nst.repeat {shell.quote(at_home(str(folder)))}"
    if run.pair or any(map(CHOOSES_CODE.search, single)):
        return [repeat]
    return [repeat, f"python -m nst.run {shell.join(single)}".rstrip()]


def _files(copies: Displayed | None) -> dict[str, Any]:
    if copies is None:
        return {}
    return {
        "large": f"{PICTURES}/{copies.large.name}",
        "small": f"{PICTURES}/{copies.small.name}",
        "size": list(copies.size),
    }


def _common(runs: Sequence[Run]) -> dict[str, settings.Value]:
    """Return the settings that all runs share, except runs without settings, which failed early."""
    known = [run.settings for run in runs if run.settings]
    if not known:
        return {}
    return {knob: value for knob, value in known[0].items() if all(other.get(knob) == value for other in known)}


def curves(history: Path) -> dict[str, list[float]]:
    """Read {evaluation, total, each term: values} from at most `POINTS` evenly spread rows, the last included."""
    try:
        lines = read_text(history, HISTORY_BYTES, follow=False).splitlines()
    except (OSError, DataError):
        return {}
    head = lines[0].split(",")[:MOST_COLUMNS] if lines else []
    complete = len(lines) - (lines[-1:] != [] and lines[-1].count(",") != len(head) - 1)  # the last may be incomplete
    spread = np.unique(np.linspace(1, complete - 1, POINTS).round().astype(int)) if complete > 1 else []
    columns: dict[str, list[str]] = {"evaluation": ["evaluation"], "total": ["loss/total"]}
    for name in head:
        kind, _, rest = name.partition("/")
        if kind == "loss" and rest != "total":
            columns.setdefault(rest.partition("/")[0], []).append(name)
    place = {name: index for index, name in enumerate(head)}
    try:
        cells = np.fromstring(",".join([lines[index] for index in spread]), sep=",").reshape(len(spread), len(head))
        sums = {name: cells[:, [place[part] for part in parts]].sum(1) for name, parts in columns.items()}
    except (ValueError, KeyError):  # not a history.csv of nst
        return {}
    return {name: [float(f"{value:.5g}") for value in column.tolist()] for name, column in sums.items()}


def _script(value: Any) -> str:
    """Format `value` as JSON that can neither end a script nor begin a tag."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(UNSAFE)
