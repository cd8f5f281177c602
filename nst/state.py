"""Values that the parts exchange: points, levels, states, iterates, results. Plain data, no behavior."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, NamedTuple

import numpy as np

# TensorFlow has no types for type checkers; these names document the values.
Tensor = Any  # float32 unless stated otherwise
Scalar = Any  # a tensor of shape []
Image = Any  # a tensor [1,H,W,3], RGB 0..1
Features = dict[str, Tensor]  # {layer: [1,h,w,C]}
Terms = dict[str, dict[str, Scalar]]  # {term: {layer: scalar}}


class Ending(Enum):
    """Why a run or a level ended; the value is the text for users."""

    STEPS = "all steps were taken"
    CONVERGED = "the loss stopped falling"
    INTERRUPTED = "it was interrupted"
    PRUNED = "an observer ended the run"
    DIVERGED = "the loss diverged; the last good picture was kept"


class Metric(Enum):
    """Metrics that compare runs with different losses; see nst/metrics.py."""

    style_distance = "style_distance"
    content_distance = "content_distance"
    ssim = "ssim"
    chroma_distance = "chroma_distance"

    @property
    def direction(self) -> Literal["minimize", "maximize"]:
        """The better direction of the metric: `minimize` or `maximize`."""
        return "maximize" if self is Metric.ssim else "minimize"


class MetricNetwork(Enum):
    """Choices of `metrics.network`; see nst/extractor/metric_network.py."""

    auto = "auto"
    own = "own"


class Point(NamedTuple):
    """A picture and the results of one evaluation."""

    image: Image  # within 0..1 only if the optimizer's `box` is true
    total: Scalar  # the objective
    gradient: Tensor  # [1,H,W,3], of the total with respect to the picture
    weighted: Terms  # the summands of the total
    canonical: Terms  # without weights and normalizers: comparable between runs


class Level(NamedTuple):
    """One level of the pyramid: its size in pixels and its evaluations."""

    height: int
    width: int
    steps: int  # evaluations


def full_size_equivalents(levels: Sequence[Level]) -> float:
    """The work of `levels` in evaluations at the size of the last level; one at half the side counts 1/4."""
    return sum(level.steps * level.height * level.width for level in levels) / (levels[-1].height * levels[-1].width)


class Progress(NamedTuple):
    """How far the total has fallen at a level."""

    first: float
    lowest: float  # the last total that counted as progress
    seen: int  # the evaluation of `lowest`


class LevelState(NamedTuple):
    """The state of a descent: everything to continue it exactly."""

    point: Point
    optimizer_state: Any  # a structure of tensors that stays the same from step to step
    used: int  # evaluations at this level
    progress: Progress
    over: bool  # whether the level has ended


@dataclass(frozen=True)
class Iterate:
    """The state of a run after one step of the optimizer. Observers get it, and a checkpoint holds it."""

    level: int  # counted from 0
    evaluation: int  # forward and backward passes so far, over all levels
    seconds: float  # spent in steps
    equivalents: float  # the evaluations in full-size equivalents
    state: LevelState = field(repr=False)

    @property
    def point(self) -> Point:
        """The current picture and its evaluation."""
        return self.state.point


@dataclass(frozen=True)
class Result:
    """The result of a run, for every kind of ending.

    Args:
        image: `[1,H,W,3]` float32, RGB, clipped to 0..1.
        ending: why the run ended.
        point: the last evaluation; None if the first one is not finite.
        evaluations: forward and backward passes over all levels.
        seconds: time spent in steps.
        equivalents: the evaluations in full-size equivalents.
        levels: the planned levels, small to large.
    """

    image: np.ndarray = field(repr=False)
    ending: Ending
    point: Point | None = field(repr=False)
    evaluations: int
    seconds: float
    equivalents: float
    levels: list[Level] = field(default_factory=list)

    @property
    def seconds_per_evaluation(self) -> float:
        """Mean over the evaluations of all levels."""
        return self.seconds / max(self.evaluations, 1)
