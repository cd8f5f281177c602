"""The runs that no other beats in all that counts at once."""

from collections.abc import Sequence

import numpy as np

from nst.report.runs import Run
from nst.state import Metric

AXES = ("style_distance", "content_distance")  # what counts where the runs do not say


def axes(runs: Sequence[Run]) -> tuple[str, ...]:
    """The metrics that count: what a search of several scores has asked all of `runs` for, else `AXES`."""
    asked = {run.score for run in runs if run.score}
    (score,) = asked if len(asked) == 1 else (AXES,)
    return score if len(score) > 1 else AXES


def front(runs: Sequence[Run]) -> set[Run]:
    """The Pareto front of `axes`, found apart among those judged alike, of the same pictures.

    A run that has none to be compared with is on no front.
    """
    metrics = [Metric(name) for name in axes(runs)]
    groups: dict[tuple[object, ...], list[tuple[Run, list[float]]]] = {}
    for run in runs:
        costs = [run.cost(metric) for metric in metrics]
        if run.status == "done" and None not in costs:
            groups.setdefault(run.measured_with, []).append((run, [cost for cost in costs if cost is not None]))
    return {run for group in groups.values() if len(group) > 1 for run in _front(group)}


def _front(group: list[tuple[Run, list[float]]]) -> list[Run]:
    """Those that none beats, which is to be nowhere worse and somewhere better."""
    costs = np.array([cost for _, cost in group])
    return [run for run, own in group if not ((costs <= own).all(1) & (costs < own).any(1)).any()]
