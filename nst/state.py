"""What the parts tell each other: one record per step, and one at the end. Plain data, no behaviour."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, NamedTuple

import numpy as np

# TensorFlow has no types that a checker could read; the names say what is meant.
Tensor = Any  # float32 unless said otherwise
Scalar = Any  # a tensor of shape []
Image = Any  # a tensor [1,H,W,3], RGB 0..1
Features = dict[str, Tensor]  # {layer: [1,h,w,C]}
Terms = dict[str, dict[str, Scalar]]  # {term: {layer: scalar}}


class Ending(Enum):
    """Why a run, or a level of it, ended; the value is the sentence for a person."""

    STEPS = "all steps were taken"
    CONVERGED = "the loss stopped falling"
    INTERRUPTED = "it was interrupted"
    PRUNED = "it had no prospects"
    DIVERGED = "the loss diverged; the last good picture was kept"


class Metric(Enum):
    """What compares runs whose loss weights differ; see nst/metrics.py."""

    style_distance = "style_distance"
    content_distance = "content_distance"
    ssim = "ssim"
    chroma_distance = "chroma_distance"

    @property
    def direction(self) -> Literal["minimize", "maximize"]:
        """Whether a search is to `minimize` or to `maximize` it."""
        return "maximize" if self is Metric.ssim else "minimize"


class MetricNetwork(Enum):
    """Which network the metrics are measured with; see nst/extractor/metric_network.py."""

    auto = "auto"
    own = "own"


class Point(NamedTuple):
    """A picture and everything one evaluation says of it."""

    image: Image  # may leave 0..1 unless the optimizer keeps it in a box
    total: Scalar  # the objective
    gradient: Tensor  # [1,H,W,3]: of the total with respect to the picture
    weighted: Terms  # as they enter the total; they sum to it
    canonical: Terms  # free of weights and normalizers, comparable between runs


class Level(NamedTuple):
    """One stage of the pyramid."""

    height: int
    width: int
    steps: int  # evaluations


def full_size_equivalents(levels: Sequence[Level]) -> float:
    """The work of `levels` in evaluations at the size of the last one; one at half the side counts 1/4."""
    return sum(level.steps * level.height * level.width for level in levels) / (levels[-1].height * levels[-1].width)


class Progress(NamedTuple):
    """How far the total has come down."""

    first: float
    lowest: float  # the last that counted as progress
    seen: int  # the evaluation it was seen at


class LevelState(NamedTuple):
    """The state of a descent: all it needs to continue as if it had never stopped."""

    point: Point
    optimizer_state: Any  # tensors, in a structure that stays the same
    used: int  # evaluations at this level
    progress: Progress
    over: bool  # no further step is to be taken


@dataclass(frozen=True)
class Iterate:
    """The state after one step of the optimizer."""

    level: int  # counted from 0
    evaluation: int  # forward and backward passes so far, over all levels
    seconds: float  # since the first step, steps only
    equivalents: float  # the evaluations in full-size equivalents
    state: LevelState = field(repr=False)

    @property
    def point(self) -> Point:
        """The picture and what was last said of it."""
        return self.state.point


@dataclass(frozen=True)
class Result:
    """A finished run, however it ended."""

    image: np.ndarray = field(repr=False)  # [1,H,W,3] float32, RGB, clipped to 0..1
    ending: Ending
    point: Point | None = field(repr=False)  # the last evaluation; None where even the first was not finite
    evaluations: int
    seconds: float  # spent in steps
    equivalents: float  # the evaluations in full-size equivalents
    levels: list[Level] = field(default_factory=list)

    @property
    def seconds_per_evaluation(self) -> float:
        """Mean over all levels, whatever their size."""
        return self.seconds / max(self.evaluations, 1)
