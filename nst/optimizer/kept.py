"""What wrappers of an optimizer share: it goes its way, and a level ends with what was kept of its pictures."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from nst.errors import InputError
from nst.optimizer.contract import Evaluate, Optimizer, Step
from nst.record import Point


@dataclass(frozen=True)
class Kept(Optimizer):
    """The last evaluation of a level is of what was kept, so that the losses told are those of its picture.

    Until then the points are the inner optimizer's. A run that is interrupted has the inner optimizer's last picture,
    from which it can go on.

    Args:
        optimizer: any other; how it is set is its own matter.
    """

    optimizer: Optimizer

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, Optimizer):
            raise InputError("optimizer.optimizer must be an optimizer, like optimizer@optimizer.optimizer=adam")

    @property
    def line_search(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The inner optimizer's."""
        return self.optimizer.line_search

    @abstractmethod
    def nothing(self, image: Any) -> Any:
        """What is kept before the first picture, which has the shape of `image`: a structure of tensors."""

    @abstractmethod
    def kept(self, before: Any, point: Point) -> Any:
        """With `point` among it."""

    @abstractmethod
    def picture(self, kept: Any) -> Any:
        """What a level ends with."""

    def init(self, image: Any) -> tuple[Any, Any]:
        """(the inner optimizer's state, what is kept)."""
        return self.optimizer.init(image), self.nothing(image)

    def step(self, evaluate: Evaluate, point: Point, state: tuple[Any, Any], budget: int) -> Step:
        """One of the inner optimizer's; with the last evaluation, or where it finds no way down, what was kept."""
        inner, before = state
        kept = self.kept(before, point)
        if budget == 1:
            return Step(evaluate(self.picture(kept)), (inner, kept), 1, False)
        found, inner, evaluations, converged = self.optimizer.step(evaluate, point, inner, budget - 1)
        if converged:
            found, extra = self.finish(evaluate, found, (inner, kept))
            evaluations += extra
        return Step(found, (inner, kept), evaluations, converged)

    def carried(self, state: tuple[Any, Any], image: Any) -> tuple[Any, Any]:
        """The inner optimizer's state, carried; what was kept belongs to its level."""
        return self.optimizer.carried(state[0], image), self.nothing(image)

    def finish(self, evaluate: Evaluate, point: Point, state: tuple[Any, Any]) -> tuple[Point, int]:
        """What was kept, with `point` among it: one evaluation."""
        return evaluate(self.picture(self.kept(state[1], point))), 1
