"""The Pareto front: the runs that no other run dominates in the compared metrics."""

from collections.abc import Sequence

import numpy as np

from nst.report.runs import Run
from nst.state import Metric

AXES = ("style_distance", "content_distance")  # metrics to compare if the runs do not name several


def axes(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return the metrics to compare: the scores of `runs` if all have the same two or more, else `AXES`."""
    asked = {run.score for run in runs if run.score}
    (score,) = asked if len(asked) == 1 else (AXES,)
    return score if len(score) > 1 else AXES


def front(runs: Sequence[Run]) -> set[Run]:
    """Return the Pareto front over `axes`, found separately for each set of pictures, network and layers.

    A run without another run to compare with is on no front.
    """
    metrics = [Metric(name) for name in axes(runs)]
    groups: dict[tuple[object, ...], list[tuple[Run, list[float]]]] = {}
    for run in runs:
        costs = [run.cost(metric) for metric in metrics]
        if run.status == "done" and None not in costs:
            groups.setdefault(run.measured_with, []).append((run, [cost for cost in costs if cost is not None]))
    return {run for group in groups.values() if len(group) > 1 for run in _front(group)}


def _front(group: list[tuple[Run, list[float]]]) -> list[Run]:
    """Return the runs that no other dominates, by being nowhere worse and somewhere better."""
    costs = np.array([cost for _, cost in group])
    return [run for run, own in group if not ((costs <= own).all(1) & (costs < own).any(1)).any()]
