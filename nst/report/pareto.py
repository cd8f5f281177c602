"""The runs that no other beats in both distances at once."""

from __future__ import annotations

from collections.abc import Sequence

from nst.report.runs import Run

AXES = ("style_distance", "content_distance")  # both are better when lower


def front(runs: Sequence[Run]) -> set[Run]:
    """The Pareto front of `AXES`, found apart among those judged alike, of the same pictures.

    A run that has none to be compared with is on no front.
    """
    groups: dict[tuple[object, ...], list[tuple[float, float, Run]]] = {}
    for run in runs:
        style, content = (run.figure(axis) for axis in AXES)
        if run.status == "done" and style is not None and content is not None:
            groups.setdefault(run.judge, []).append((style, content, run))
    return {run for group in groups.values() if len(group) > 1 for run in _front(group)}


def _front(group: list[tuple[float, float, Run]]) -> list[Run]:
    """From left to right each run that lies lower than all before it; of equals, all."""
    best, lowest, last = [], float("inf"), None
    for style, content, run in sorted(group, key=lambda item: item[:2]):
        if content < lowest or (style, content) == last:
            best.append(run)
            lowest, last = content, (style, content)
    return best
