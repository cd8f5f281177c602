"""The Pareto front: the runs that no others dominate in the compared metrics."""

from collections.abc import Sequence

import numpy as np

from nst.report.groups import Key, Setting, key
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

    Runs that differ only in their seed are one point, with the means of their metrics: all of them are on the front, or
    none. A point without another one to compare with is on no front.
    """
    metrics = [Metric(name) for name in axes(runs)]
    groups: dict[tuple[str, ...], dict[Key, list[Run]]] = {}
    for run in runs:
        if run.status == "done" and None not in [run.figure(metric.value) for metric in metrics]:
            groups.setdefault(run.measured_with, {}).setdefault(key(run), []).append(run)
    return {run for group in groups.values() if len(group) > 1 for run in _front(list(group.values()), metrics)}


def _front(points: Sequence[Sequence[Run]], metrics: Sequence[Metric]) -> list[Run]:
    """Return the runs of the points that no other dominates."""
    costs = np.array([[_cost(own, metric) for metric in metrics] for own in points])
    return [run for own, cost in zip(points, costs, strict=True) if not dominated(cost, costs) for run in own]


def _cost(own: Sequence[Run], metric: Metric) -> float:
    """The mean of a metric over the seeds of runs that have it, so that lower is better."""
    return sign(metric) * Setting("", {}, own).values(metric, dict.fromkeys(own, ""))[""]


def sign(metric: Metric) -> int:
    """What a metric is multiplied by, so that lower is better."""
    return -1 if metric.direction == "maximize" else 1


def dominated(own: np.ndarray, costs: np.ndarray) -> bool:
    """Whether a row of `costs`, `[n,metrics]`, is nowhere above `own` and somewhere below."""
    return bool(((costs <= own).all(1) & (costs < own).any(1)).any())
