"""The curves and the pictures of a run that TensorBoard and the trackers log: tags, values, and when they are due.

    loss/total, loss/<term>/<layer>      weighted: the summands of the total
    term/<term>/<layer>                  canonical: comparable between runs
    optimizer/gradient_norm, speed/seconds_per_evaluation

The step of every curve is the number of evaluations.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from nst.observers.contract import Every, RunContext, gradient_norm, losses
from nst.state import Iterate


class Curves:
    """The scalars of a run, from its iterates or from rows of history.csv, in the order of their evaluations.

    Args:
        every: evaluations between scalars, at least 1.
    """

    def __init__(self, every: int) -> None:
        self._due = Every(every)
        self._evaluation, self._seconds = 0, 0.0

    def of(self, iterate: Iterate) -> dict[str, float] | None:
        """{tag: value} at an iterate; None if no scalars are due."""
        if not self._due(iterate.evaluation):
            return None
        norm = gradient_norm(iterate.point.gradient)
        return self._complete(iterate.evaluation, iterate.seconds, norm, losses(iterate.point))

    def of_row(self, row: Mapping[str, str]) -> dict[str, float] | None:
        """{tag: value} of a row of history.csv; None if no scalars are due."""
        evaluation = int(row["evaluation"])
        if not self._due(evaluation):
            return None
        tags = [(tag, value) for tag, value in row.items() if "/" in tag]
        return self._complete(evaluation, float(row["seconds"]), float(row["gradient_norm"]), tags)

    def _complete(
        self, evaluation: int, seconds: float, norm: float, tags: Iterable[tuple[str, Any]]
    ) -> dict[str, float]:
        pace = (seconds - self._seconds) / max(evaluation - self._evaluation, 1)
        self._evaluation, self._seconds = evaluation, seconds
        values = {tag: float(value) for tag, value in tags}
        return {**values, "optimizer/gradient_norm": norm, "speed/seconds_per_evaluation": pace}


def pictures_due(run: RunContext, images: int, seen: float = 0) -> Every:
    """Whether one of `images` pictures is due, for the work so far: they are evenly spaced by work."""
    return Every(run.work(run.steps) / (images - 1) if images > 1 else 0, seen)
