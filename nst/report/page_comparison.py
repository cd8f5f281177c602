"""The comparison of settings as data of the page."""

from collections.abc import Mapping, Sequence
from typing import Any

from nst.report.comparison import Difference, Interval
from nst.report.findings import Findings
from nst.report.findings_table import rounded, text
from nst.report.groups import Setting, grouped
from nst.report.pairs import names
from nst.report.runs import Run


def data(runs: Sequence[Run], findings: Findings | None) -> dict[str, Any]:
    """The settings of all finished runs, and how they compare, None if there is nothing to compare."""
    settings = findings.all if findings else grouped(runs)
    return {
        "settings": [{"name": setting.name, "runs": len(setting.runs)} for setting in settings],
        "comparison": _comparison(findings, settings) if findings else None,
    }


def of_runs(runs: Sequence[Run], findings: Findings | None) -> list[dict[str, Any]]:
    """For each run the number of its setting (None if it is not finished), its pair, seed, tags and notes."""
    settings = findings.all if findings else grouped(runs)
    place = {run: number for number, setting in enumerate(settings) for run in setting.runs}
    pairs = names(runs)
    return [
        {
            "setting": place.get(run),
            "pair": pairs[run],
            "seed": run.settings.get("seed"),
            "tags": list(run.tags),
            "notes": run.notes,
        }
        for run in runs
    ]


def _comparison(findings: Findings, settings: Sequence[Setting]) -> dict[str, Any]:
    place = {setting: number for number, setting in enumerate(settings)}
    return {
        "baseline": place[findings.baseline],
        "pairs": len(findings.pairs),
        "caption": findings.caption,
        "problems": list(findings.problems),
        "axes": [metric.value for metric in findings.axes],
        "best": sorted(place[setting] for setting in findings.best),
        "means": {metric.value: _intervals(means, place) for metric, means in findings.means.items()},
        "differences": {metric.value: _differences(found, place) for metric, found in findings.differences.items()},
    }


def _intervals(found: Mapping[Setting, Interval], place: Mapping[Setting, int]) -> dict[int, dict[str, Any]]:
    return {
        place[setting]: {"text": text(value), "at": [rounded(each) for each in (value.mean, value.low, value.high)]}
        for setting, value in found.items()
    }


def _differences(found: Mapping[Setting, Difference], place: Mapping[Setting, int]) -> dict[int, dict[str, Any]]:
    intervals = _intervals({setting: each.interval for setting, each in found.items()}, place)
    return {
        place[setting]: intervals[place[setting]]
        | {"wins": each.wins, "adjusted": rounded(each.adjusted), "different": each.significant}
        for setting, each in found.items()
    }
