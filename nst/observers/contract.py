"""What an observer is: it is opened before the first step, called with every `Iterate`, and closed with the record.

One file per observer. The method knows none of them; a library call needs only a callable.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nst.state import Iterate, Level, Point, Scalar, Tensor, full_size_equivalents


@dataclass(frozen=True)
class RunContext:
    """What is known before the first step."""

    folder: Path
    config: dict[str, Any]
    choices: Mapping[str, Any]  # {group: the file chosen}
    levels: list[Level]
    content: np.ndarray  # [1,H,W,3]
    styles: list[np.ndarray]  # [1,h,w,3] each
    measure: Callable[[np.ndarray], dict[str, Any]]  # a picture of the content's size -> its metrics
    present: Callable[[np.ndarray], np.ndarray]  # an iterate's picture -> as the result would show it
    resume: Iterate | None = None  # the iterate that the run continues from

    @property
    def resumed(self) -> int:
        """The evaluation that the run continues from; 0 for a new run."""
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


class Observer(ABC):
    """Base of observers of a recorded run."""

    over: bool = False
    """Whether the run is to end; the runner reads it after every step."""

    def open(self, run: RunContext) -> None:  # noqa: B027  not every observer needs it
        """Called before the first step."""

    @abstractmethod
    def __call__(self, iterate: Iterate) -> None:
        """Called after every step, in order, in a thread of its own, while the next steps are taken."""

    def close(self, record: Mapping[str, Any]) -> None:  # noqa: B027
        """Called after the last step, however the run ended, with what result.json will say."""


@contextmanager
def opened(observers: Sequence[Observer], run: RunContext, record: Mapping[str, Any]) -> Iterator[None]:
    """Open the observers; on leaving, close them with what `record` says by then."""
    with ExitStack() as stack:
        for observer in observers:
            observer.open(run)
            stack.callback(observer.close, record)
        yield


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


def losses(point: Point) -> Iterator[tuple[str, Scalar]]:
    """(tag, scalar) of every loss: `loss/total`, `loss/<term>/<layer>` weighted, `term/<term>/<layer>` canonical."""
    yield "loss/total", point.total
    for kind, terms in (("loss", point.weighted), ("term", point.canonical)):
        for term, values in terms.items():
            for layer, value in values.items():
                yield f"{kind}/{term}/{layer}", value


def gradient_norm(gradient: Tensor) -> float:
    """The Euclidean norm."""
    import tensorflow as tf

    return float(tf.norm(gradient))
