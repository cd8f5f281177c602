"""Contract of observers: opened before the first step, called with every `Iterate`, closed with the record.

Each observer has its own file. The method does not depend on them; a library call accepts any callable.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nst.state import Iterate, Level, Point, Scalar, Tensor, full_size_equivalents


@dataclass(frozen=True)
class RunContext:
    """Facts about a run that are known before its first step."""

    folder: Path
    config: dict[str, Any]
    choices: Mapping[str, Any]  # {group: chosen file; for content and style, the name of a picture given instead}
    levels: list[Level]
    content: np.ndarray  # [1,H,W,3]
    styles: list[np.ndarray]  # [1,h,w,3] each
    measure: Callable[[np.ndarray], dict[str, Any]]  # a picture of the content's size -> its metrics
    present: Callable[[np.ndarray], np.ndarray]  # an iterate's picture -> in the result's colors and mask
    resume: Iterate | None = None  # the iterate that the run continues from
    sweep: Path | None = None  # the folder of the sweep that the run belongs to

    @property
    def resumed(self) -> int:
        """The evaluation that the run continues from; 0 for a new run."""
        return self.resume.evaluation if self.resume else 0

    def work(self, evaluation: int) -> float:
        """Full-size equivalents of the first `evaluation` evaluations, if no level ends early."""
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
    """Base class of observers of a recorded run."""

    over: bool = False
    """True ends the run with status `pruned`; the runner reads it after every step."""
    synchronous: bool = False
    """True: called in the thread of the steps, which wait for it; for what depends on the exact time of a step."""

    def open(self, run: RunContext) -> None:  # noqa: B027  optional
        """Called before the first step."""

    @abstractmethod
    def __call__(self, iterate: Iterate) -> None:
        """Called after every step, in order; unless `synchronous`, in a separate thread, while the next steps run."""

    def close(self, record: Mapping[str, Any]) -> None:  # noqa: B027
        """Called after the last step, for every kind of ending, with the `record` that result.json will hold."""

    def wait(self) -> None:  # noqa: B027
        """Called after result.json is written, or when the run has failed. Only here may an observer take long."""


@contextmanager
def opened(observers: Sequence[Observer], run: RunContext, record: Mapping[str, Any]) -> Iterator[None]:
    """Open the observers; on exit, close them with `record` as it is at that time."""
    with ExitStack() as stack:
        for observer in observers:
            observer.open(run)
            stack.callback(observer.close, record)
        yield


@contextmanager
def awaited(observers: Sequence[Observer]) -> Iterator[None]:
    """Wait for the observers on exit, but not if a signal ends the run at once; Ctrl-C ends the wait."""
    try:
        yield
    except Exception:
        _wait(observers)
        raise
    _wait(observers)


def _wait(observers: Sequence[Observer]) -> None:
    with suppress(KeyboardInterrupt):
        for observer in observers:
            observer.wait()


class Every:
    """Whether output is due, for a counter that grows (evaluations, work).

    Args:
        every: True at the first call, then at the first value that reaches each multiple of `every`; 0 is never.
        seen: the value up to which an earlier run has called it.
    """

    def __init__(self, every: float, seen: float = 0) -> None:
        self.every = every
        self.next = (seen // every + 1) * every if every and seen else 0

    def __call__(self, now: float) -> bool:
        """Whether output is due at the value `now`."""
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
    """The Euclidean norm of `gradient`."""
    import tensorflow as tf

    return float(tf.norm(gradient))


def without_optimizer(iterate: Iterate) -> Iterate:
    """`iterate` without the optimizer's state, which takes much memory."""
    return replace(iterate, state=iterate.state._replace(optimizer_state=None))
