"""Base of optimizer wrappers: the inner optimizer runs unchanged; each level ends with the wrapper's picture."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from nst.errors import InputError
from nst.optimizer.contract import Evaluate, Optimizer, Step, pictures_of
from nst.state import Image, Point, Tensor


@dataclass(frozen=True)
class Wrapper(Optimizer):
    """Base class of wrappers. The last evaluation of a level is of `picture`, so reported losses and picture match.

    Before that, points are those of the inner optimizer. An interrupted run ends with the inner optimizer's last
    picture and can continue from it.

    Args:
        optimizer: any other optimizer, with its own settings.

    Raises:
        InputError: `optimizer` is no optimizer.
    """

    optimizer: Optimizer

    def __post_init__(self) -> None:
        if not isinstance(self.optimizer, Optimizer):
            raise InputError("optimizer.optimizer must be an optimizer, like optimizer@optimizer.optimizer=adam")

    @property
    def line_search(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """As the inner optimizer."""
        return self.optimizer.line_search

    @abstractmethod
    def empty(self, image: Image) -> Any:
        """The memory before the first picture: a structure of tensors, for pictures of the shape of `image`."""

    @abstractmethod
    def updated(self, before: Any, point: Point) -> Any:
        """The memory after `point`."""

    @abstractmethod
    def picture(self, memory: Any) -> Tensor:
        """The picture `[1,H,W,3]` that a level ends with."""

    def pictures(self, height: int, width: int) -> int:
        """Those of the inner optimizer, and the memory's."""
        return self.optimizer.pictures(height, width) + pictures_of(self.empty(tf.zeros([1, 1, 1, 3])))

    def init(self, image: Image) -> tuple[Any, Any]:
        """(the inner optimizer's state, the memory)."""
        return self.optimizer.init(image), self.empty(image)

    def step(self, evaluate: Evaluate, point: Point, state: tuple[Any, Any], budget: int) -> Step:
        """A step of the inner optimizer; the level's last evaluation, or one after convergence, is of `picture`."""
        inner, before = state
        memory = self.updated(before, point)
        if budget == 1:
            return Step(evaluate(self.picture(memory)), (inner, memory), 1, False)
        found, inner, evaluations, converged = self.optimizer.step(evaluate, point, inner, budget - 1)
        if converged:
            found, extra = self.finish(evaluate, found, (inner, memory))
            evaluations += extra
        return Step(found, (inner, memory), evaluations, converged)

    def carried(self, state: tuple[Any, Any], image: Image) -> tuple[Any, Any]:
        """(the inner optimizer's carried state, an empty memory): each level has its own memory."""
        return self.optimizer.carried(state[0], image), self.empty(image)

    def finish(self, evaluate: Evaluate, point: Point, state: tuple[Any, Any]) -> tuple[Point, int]:
        """`picture` with `point` included, evaluated: one evaluation."""
        return evaluate(self.picture(self.updated(state[1], point))), 1
