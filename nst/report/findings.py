"""What the runs of a report say about their settings: means, differences from a baseline, and a Pareto front."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nst.errors import InputError
from nst.report import pareto
from nst.report.baseline import choose, cut, listed
from nst.report.comparison import Difference, Interval, holm, interval, needed, sign_flip
from nst.report.groups import Setting, grouped
from nst.report.pairs import names
from nst.report.runs import Run
from nst.state import Metric

LEAST = 2
"""Smallest number of settings, and of pairs, that can be compared."""

Values = Mapping[Metric, Mapping[Setting, np.ndarray]]
"""A metric's values per setting, one for each pair, in the order of the pairs."""


@dataclass(frozen=True, eq=False)
class Findings:
    """A comparison of settings over pairs of pictures.

    Args:
        all: every setting that has finished runs, in the order of the command.
        settings: those that are compared, at least two, in the same order.
        baseline: one of them.
        pairs: at least two; each setting has finished runs of each.
        axes: the metrics of tables, charts and the Pareto front.
        means: `{metric: {setting: its mean over the pairs}}`, of all metrics that were measured.
        differences: `{metric: {setting: its difference from the baseline}}`, without the baseline.
        best: the settings that no other beats in all of `axes`.
        problems: one line for each reason for which runs are left out.
        measured_by: network and layers of the metrics.
    """

    all: Sequence[Setting]
    settings: Sequence[Setting]
    baseline: Setting
    pairs: Sequence[str]
    axes: Sequence[Metric]
    means: Mapping[Metric, Mapping[Setting, Interval]]
    differences: Mapping[Metric, Mapping[Setting, Difference]]
    best: set[Setting]
    problems: Sequence[str]
    measured_by: Sequence[str]

    @cached_property
    def tests(self) -> int:
        """The number of tests for which p is adjusted."""
        return sum(map(len, self.differences.values()))

    @property
    def caption(self) -> str:
        """What the tables compare, in one line, and whether there are too few pairs for any difference."""
        count, least = len(self.pairs), needed(self.tests)
        return (
            f"Means over {count} pairs with 95 % intervals (Student's t), and differences from {self.baseline.name} on "
            f"the same pairs. Settings are called different (*) only if a sign-flip permutation test gives a p below "
            f".05 after Holm's correction for {self.tests} tests of all metrics."
            + (f" With {count} pairs nothing can be called different; that needs {least}." if count < least else "")
        )


def find(runs: Sequence[Run], baseline: str | None = None) -> tuple[Findings | None, Sequence[str]]:
    """Compare the settings of finished runs.

    Only runs that were measured by the network and layers of most of the baseline's runs count. Of these, a setting
    needs at least half of the baseline's pairs, and a pair has to be in all settings that are left. If that leaves
    fewer than two pairs, the settings with the fewest are left out.

    Args:
        runs: all runs of a report.
        baseline: the name of a setting; None: the one that the runs recorded, else the first of the command.

    Returns:
        The comparison, None if fewer than two settings share two pairs; a line for each reason to leave out runs.

    Raises:
        InputError: `baseline` is given, but names no setting, or there is nothing to compare.
    """
    found, named = grouped(runs), names(runs)
    if len(found) < LEAST:
        return _nothing(baseline, len(found), len(set(named.values())))
    base, problems = choose(found, baseline, runs)
    measured_by = _measurement(base)
    pairs = {run: name for run, name in named.items() if run.measured_by == measured_by}
    values = _measured(found, pairs)
    kept, shared = _complete(values, base)
    if len(kept) < LEAST or len(shared) < LEAST:
        return _nothing(baseline, len(kept), len(shared), [*problems, *_why(found, base)])
    arrays = {
        metric: {setting: np.array([own[setting][pair] for pair in shared]) for setting in kept}
        for metric, own in values.items()
    }
    axes = [metric for metric in map(Metric, pareto.axes(runs)) if metric in values]
    findings = Findings(
        all=found,
        settings=kept,
        baseline=base,
        pairs=shared,
        axes=axes or list(values),
        means={metric: {setting: interval(x) for setting, x in own.items()} for metric, own in arrays.items()},
        differences=_differences(kept, base, arrays),
        best=_front(kept, arrays, axes),
        problems=[*problems, *_left_out(found, kept, shared, values)],
        measured_by=measured_by,
    )
    return findings, findings.problems


def _nothing(
    baseline: str | None, settings: int, pairs: int, problems: Sequence[str] = ()
) -> tuple[None, Sequence[str]]:
    """There is nothing to compare, which is an error if a baseline is asked for."""
    if baseline is not None:
        raise InputError(
            f"baseline: a comparison needs at least {LEAST} settings, and {LEAST} pairs of pictures that all of them "
            f"share, measured with the same network; there are {settings} and {pairs}"
        )
    return None, problems


def _why(found: Sequence[Setting], base: Setting) -> list[str]:
    """One line, if there are pairs and metrics enough, but not the same for two settings."""
    measured = [run for setting in found for run in setting.runs if run.record.get("metrics")]
    if len(set(names(measured).values())) < LEAST:
        return []
    return [
        f"settings are not compared: that needs {LEAST} pairs on which {base.name}, the baseline, and another setting "
        "have runs with the same metrics, measured with the same network"
    ]


def _measurement(base: Setting) -> Sequence[str]:
    """Network and layers of the metrics of most of a setting's runs; empty without metrics."""
    counts = Counter(run.measured_by for run in base.runs if run.record.get("metrics"))
    return max(counts, key=counts.__getitem__, default=())


def _measured(found: Sequence[Setting], pairs: Mapping[Run, str]) -> dict[Metric, dict[Setting, dict[str, float]]]:
    """`{metric: {setting: {pair: value}}}`, without metrics that no run has."""
    every = {metric: {setting: setting.values(metric, pairs) for setting in found} for metric in Metric}
    return {metric: values for metric, values in every.items() if any(values.values())}


def _complete(
    values: Mapping[Metric, Mapping[Setting, Mapping[str, float]]], base: Setting
) -> tuple[list[Setting], list[str]]:
    """The settings that have at least half of the baseline's pairs, and the pairs that all of these have, sorted.

    While these are fewer than two pairs, the setting with the fewest is left out; of equals, that with the rarest.
    """
    have = _pairs(values)
    wanted = have.get(base, set())
    kept = [setting for setting, own in have.items() if wanted and 2 * len(own & wanted) >= len(wanted)]
    shared = _shared(have, kept)
    while len(kept) > 1 and len(shared) < LEAST:
        counts = Counter(pair for setting in kept for pair in have[setting] & wanted)
        others = [setting for setting in reversed(kept) if setting is not base]
        kept.remove(min(others, key=lambda own: _rank([counts[pair] for pair in have[own] & wanted])))
        shared = _shared(have, kept)
    return kept, sorted(shared)


def _rank(counts: Sequence[int]) -> tuple[int, int]:
    """The order in which settings are left out: by the number of their pairs, and of settings that share them."""
    return len(counts), sum(counts)


def _shared(have: Mapping[Setting, set[str]], kept: Sequence[Setting]) -> set[str]:
    return set.intersection(*(have[setting] for setting in kept)) if kept else set()


def _pairs(values: Mapping[Metric, Mapping[Setting, Mapping[str, float]]]) -> dict[Setting, set[str]]:
    """`{setting: pairs for which it has all metrics}`."""
    settings = next(iter(values.values()), {})
    return {setting: set.intersection(*(set(own[setting]) for own in values.values())) for setting in settings}


def _left_out(
    found: Sequence[Setting],
    kept: Sequence[Setting],
    shared: Sequence[str],
    values: Mapping[Metric, Mapping[Setting, Mapping[str, float]]],
) -> list[str]:
    have = _pairs(values)
    settings = [setting.name for setting in found if setting not in kept]
    pairs = sorted(set().union(*(have[setting] for setting in kept)) - set(shared))
    return [
        f"{what} not compared, because {why}: {listed([repr(cut(name)) for name in left])}"
        for what, why, left in (
            ("settings", "they were not measured like the baseline on at least half of its pairs", settings),
            ("pairs", "not every setting has a measured run of them", pairs),
        )
        if left
    ]


def _differences(settings: Sequence[Setting], base: Setting, values: Values) -> dict[Metric, dict[Setting, Difference]]:
    """Compare all settings with the baseline in all metrics, with p adjusted for the number of these tests."""
    others = [setting for setting in settings if setting is not base]
    d = np.stack([own[setting] - own[base] for own in values.values() for setting in others], 1)
    p = sign_flip(d).tolist()
    found = iter(zip(d.T, p, holm(p), strict=True))
    return {metric: {setting: _difference(metric, *next(found)) for setting in others} for metric in values}


def _difference(metric: Metric, d: np.ndarray, p: float, adjusted: float) -> Difference:
    return Difference(interval(d), int((pareto.sign(metric) * d < 0).sum()), p, adjusted)


def _front(settings: Sequence[Setting], values: Values, axes: Sequence[Metric]) -> set[Setting]:
    """The settings whose means over the pairs no other's dominate."""
    if not axes:
        return set()
    costs = np.array([[pareto.sign(axis) * values[axis][setting].mean() for axis in axes] for setting in settings])
    return {setting for setting, own in zip(settings, costs, strict=True) if not pareto.dominated(own, costs)}
