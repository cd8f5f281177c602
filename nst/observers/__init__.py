"""Listeners: each is told every `Iterate`, and none of them is known to the method.

One file per observer. The method wants nothing but a callable; in a recorded run an observer is also opened with
what there is to know beforehand, and closed with the run's record, however the run ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from nst.record import Iterate, Level, Point, full_size_equivalents


@dataclass(frozen=True)
class Run:
    """What is known before the first step."""

    folder: Path
    config: dict[str, Any]
    choices: Mapping[str, Any]  # {group: the file chosen}
    levels: list[Level]
    content: np.ndarray  # [1,H,W,3]
    styles: list[np.ndarray]  # [1,h,w,3] each
    measure: Callable[[np.ndarray], dict[str, Any]]  # a picture of the content's size -> its metrics
    presented: Callable[[np.ndarray], np.ndarray]  # an iterate's picture -> as the result would show it
    resume: Iterate | None = None  # where an earlier start of the run stood, which is gone on with

    @property
    def resumed(self) -> int:
        """The evaluation from which it is gone on with; 0 from the start."""
        return self.resume.evaluation if self.resume else 0

    def work(self, evaluation: int) -> float:
        """Full-size equivalents up to an evaluation, if no level ends early."""
        done, left = [], evaluation
        for level in self.levels:
            done.append(level._replace(steps=min(level.steps, left)))
            left -= done[-1].steps
        return full_size_equivalents(done)

    @property
    def steps(self) -> int:
        """Evaluations over all levels."""
        return sum(level.steps for level in self.levels)


class Observer(Protocol):
    """One listener of a recorded run; one that has an attribute `over` ends the run when that becomes true."""

    def open(self, run: Run) -> None:
        """Before the first step."""
        ...

    def __call__(self, iterate: Iterate) -> None:
        """After every step, in order, in a thread that is not `open`'s and while the next steps are taken."""
        ...

    def close(self, record: Mapping[str, Any]) -> None:
        """After the last, with what result.json will say."""
        ...


class Every:
    """True once in so much of what grows (evaluations, work): at the first that reaches each multiple, and at first."""

    def __init__(self, every: float, seen: float = 0) -> None:
        self.every = every
        self.next = (seen // every + 1) * every if every and seen else 0  # as if it had been asked up to `seen`

    def __call__(self, now: float) -> bool:
        """Whether it is time."""
        if not self.every or now < self.next:
            return False
        self.next = (now // self.every + 1) * self.every
        return True


def losses(point: Point) -> Iterator[tuple[str, Any]]:
    """(tag, scalar) of every loss: `loss/total`, `loss/<term>/<layer>` weighted, `term/<term>/<layer>` canonical."""
    yield "loss/total", point.total
    for kind, terms in (("loss", point.weighted), ("term", point.canonical)):
        for term, values in terms.items():
            for layer, value in values.items():
                yield f"{kind}/{term}/{layer}", value


def gradient_norm(gradient: Any) -> float:
    """The Euclidean norm."""
    import tensorflow as tf

    return float(tf.norm(gradient))
