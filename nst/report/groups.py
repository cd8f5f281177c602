"""Group the runs of a report by setting, and name the settings."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nst import settings
from nst.errors import printable
from nst.report import plan
from nst.report.runs import Run
from nst.setting_rules import REPLICATED
from nst.state import Metric

NOT_OF_A_SETTING = (*REPLICATED, "sweep")  # the name of a sweep changes nothing by itself
"""Keys in which runs of one setting may differ."""
BASE = "base"
"""The name of a setting none of whose overrides tells it from the others."""

Key = frozenset[tuple[str, settings.Value]]


@dataclass(frozen=True, eq=False)
class Setting:
    """Finished runs that differ only in pictures and seed.

    Args:
        name: unique in a report, like `style.weight=8, pyramid=single`, or `base`.
        knobs: the settings that all its runs share.
        runs: in the order of the report.
    """

    name: str
    knobs: Mapping[str, settings.Value]
    runs: Sequence[Run]

    def values(self, metric: Metric, pairs: Mapping[Run, str]) -> dict[str, float]:
        """`{pair: mean over its seeds}` of a metric, of the runs in `pairs`; without pairs that lack it.

        Runs of the same pair and seed, from several folders, count as one seed.
        """
        found: dict[str, dict[settings.Value | None, list[float]]] = {}
        for run in self.runs:
            value = run.figure(metric.value)
            if run in pairs and value is not None:
                found.setdefault(pairs[run], {}).setdefault(run.settings.get("seed"), []).append(value)
        return {pair: _mean(map(_mean, seeds.values())) for pair, seeds in found.items()}


def _mean(values: Iterable[float]) -> float:
    """The mean, which does not depend on the order."""
    found = list(values)
    return math.fsum(found) / len(found)


def key(run: Run) -> Key:
    """What a run's setting consists of."""
    own = set(settings.overridden(run.overrides))
    return frozenset(
        (knob, value)
        for knob, value in run.settings.items()
        if knob not in NOT_OF_A_SETTING and not (knob not in own and _is_seed(knob, value, run))
    )


def _is_seed(knob: str, value: settings.Value, run: Run) -> bool:
    """Whether a part has the seed of its run, like `loss.style.seed`."""
    return knob.endswith(".seed") and value == run.settings.get("seed")


def grouped(runs: Iterable[Run], *, unfinished: bool = False) -> list[Setting]:
    """The settings of all finished runs, in the order of the commands; also those of others if they are wanted."""
    groups: dict[Key, list[Run]] = {}
    for run in _in_order(list(runs)):
        if run.status == "done" or (unfinished and run.settings):
            groups.setdefault(key(run), []).append(run)
    knobs = [dict(sorted(own)) for own in groups]
    names = _names(knobs, list(groups.values()))
    return [Setting(*about) for about in zip(names, knobs, groups.values(), strict=True)]


def setting_names(runs: Iterable[Run]) -> dict[Run, str]:
    """`{run: name of its setting}` of all finished runs."""
    return {run: setting.name for setting in grouped(runs) for run in setting.runs}


def _in_order(runs: Sequence[Run]) -> list[Run]:
    """The runs in the order of their sweeps' commands; runs that no plan names follow, in their own order."""
    sweeps = dict.fromkeys(run.folder.parent for run in runs)
    planned = {sweep: (number, plan.places(sweep)) for number, sweep in enumerate(sweeps)}

    def place(run: Run) -> tuple[int, int]:
        number, places = planned[run.folder.parent]
        return number, places.get(run.folder.name, len(places))

    return sorted(runs, key=place)


def _names(knobs: Sequence[Mapping[str, settings.Value]], groups: Sequence[Sequence[Run]]) -> list[str]:
    """A name for each group: what its overrides change, else all in which it differs, else with a number."""
    varied = settings.varied([((), own) for own in knobs])
    names = [_changed(own, runs[0].overrides, varied) for own, runs in zip(knobs, groups, strict=True)]
    counts = Counter(names)
    names = [
        name if counts[name] == 1 else ", ".join(part(knob, own.get(knob)) for knob in varied) or name
        for name, own in zip(names, knobs, strict=True)
    ]
    return [_numbered(name, names[:place].count(name)) for place, name in enumerate(names)]


def _changed(knobs: Mapping[str, settings.Value], overrides: Sequence[str], varied: Sequence[str]) -> str:
    """The overrides of a run that name a setting in `varied`, in their order; `base` if there is none."""
    given = dict(zip(settings.overridden(overrides), overrides, strict=True))
    names = [name for name in given if name not in NOT_OF_A_SETTING and _varies(name, knobs, varied)]
    return ", ".join(_part(name, given[name], knobs) for name in names) or BASE


def _part(name: str, override: str, knobs: Mapping[str, settings.Value]) -> str:
    """What an override changes, as it is displayed."""
    if name not in knobs and override.startswith("~"):
        return printable(f"~{settings.short(name)}")
    return part(name, knobs.get(name, override.partition("=")[2]))


def _varies(name: str, knobs: Mapping[str, settings.Value], varied: Sequence[str]) -> bool:
    """Whether an override of `name` sets something in `varied`: a setting or a choice, or else a mapping with one."""
    return name in varied or (name not in knobs and any(knob.startswith(f"{name}.") for knob in varied))


def part(knob: str, value: object) -> str:
    """A setting as it is displayed, `style.weight=8`."""
    return printable(f"{settings.short(knob)}={settings.displayed(value)}")


def _numbered(name: str, before: int) -> str:
    return f"{name} ({before + 1})" if before else name
