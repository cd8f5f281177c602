"""L-BFGS (Nocedal & Wright 2006, algorithms 7.4 and 7.5) with a weak-Wolfe line search (Lewis & Overton 2013).

The line search brackets like a bisection, but takes the next trial from a cubic interpolation, kept away from the ends
of the bracket. The weak Wolfe conditions (sufficient decrease, and a slope that has risen) are enough for the update:
they give s.y > 0. From the third step on, the first trial, length 1, almost always succeeds: one evaluation per step.

With `box` the picture stays in 0..1. Values at a bound, where descent would leave the box, are fixed. The direction
uses the other values, and trials are projected (Bertsekas 1982; the test for decrease follows the projected path,
equation 18 there).
"""

import logging
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from nst.errors import check_count, check_flag, check_number
from nst.optimizer.contract import Evaluate, Optimizer, Step, boxed
from nst.state import Image, Point, Scalar, Tensor

log = logging.getLogger(__name__)

DECREASE = 1e-4  # c1: the part of the predicted decrease that is sufficient
CURVATURE = 0.9  # c2: the part of the initial slope that may remain
FIRST_MOVE = 0.05  # largest change of a value in the very first trial, when the scale is unknown
CARRIED = 5  # newest pairs that the next level takes over; older ones belong to pictures that differ too much
MOST_BYTES = 5 * 2**27  # memory of all pairs at a level; more pixels leave fewer pairs ...
LEAST = 2  # ... but so many in any case
BORDER = 0.1  # distance of a trial from the ends of the bracket, as a part of its length


class Pair(NamedTuple):
    """A curvature pair; an empty one is all zero and has no effect."""

    s: Tensor  # difference of two successive pictures
    y: Tensor  # of their gradients
    rho: Tensor  # 1 / s.y


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """Limited-memory BFGS.

    Args:
        history: curvature pairs that are kept, 1..1000; each needs the memory of two pictures. Of large pictures,
            fewer are kept, see `kept`.
        max_evaluations: evaluations per line search, at least 2.
        box: whether to keep the picture in 0..1.

    Raises:
        InputError: a value outside its range.
    """

    line_search: ClassVar[bool] = True  # needs the same function at every step
    history: int = 20
    max_evaluations: int = 10
    box: bool = True

    def __post_init__(self) -> None:
        check_flag("optimizer.box", self.box)
        check_count("optimizer.history", self.history, at_least=1)
        check_count("optimizer.max_evaluations", self.max_evaluations, at_least=2)
        check_number("optimizer.history", self.history, at_most=1000)

    def kept(self, height: int | None, width: int | None) -> int:
        """The pairs kept for a picture: `history`, or as many as fit into `MOST_BYTES`, but at least `LEAST`.

        Of a graph for any size, `history`.
        """
        if height is None or width is None:
            return self.history
        bytes_each = 2 * height * width * 3 * tf.float32.size
        return min(self.history, max(LEAST, MOST_BYTES // bytes_each))

    def init(self, image: Image) -> tuple[Pair, ...]:
        """Empty pairs, `kept` of them, oldest first."""
        return _empty(image, self.kept(*image.shape[1:3]))

    def pictures(self, height: int, width: int) -> int:
        """Two per pair."""
        return 2 * self.kept(height, width)

    def carried(self, state: tuple[Pair, ...], image: Image) -> tuple[Pair, ...]:
        """The newest pairs of the level before, resized, so that the first steps need no search.

        This assumes losses that are means over positions: the gradient at a pixel is proportional to 1 / pixels. For
        sums over positions the pairs are too flat; then the line search finds the scale.
        """
        self._log_kept(image)
        fewer, empty = _pixels(state[-1].s) / _pixels(image), self.init(image)
        newest = state[-min(CARRIED, len(empty)) :]
        found = [_pair(_resized(s, image), fewer * _resized(y, image)) for s, y, rho in newest if rho > 0]
        pairs = [pair for pair in found if pair.rho > 0]
        return (*empty[len(pairs) :], *pairs)

    def _log_kept(self, image: Image) -> None:
        height, width = image.shape[1:3]
        if (kept := self.kept(height, width)) < self.history:
            text = "L-BFGS keeps %d curvature pairs at %dx%d, not %d, to save memory"
            log.info(text, kept, width, height, self.history)

    def step(self, evaluate: Evaluate, point: Point, state: tuple[Pair, ...], budget: int) -> Step:
        """One line search along the L-BFGS direction. If it fails, drop the pairs; if there are none, converged."""
        free = _free(point, self.box)
        direction = _direction(point.gradient * free, state) * free
        found, evaluations = self._search(evaluate, point, direction, budget)
        moved = found.total < point.total
        pair = _pair(found.image - point.image, found.gradient - point.gradient)
        known = state[-1].rho > 0
        if moved:  # noqa: SIM108  no ternary: inside tf.function this becomes a branch of the graph
            state = _remember(state, pair)
        else:
            state = _empty(point.image, len(state))
        searched = evaluations < budget  # not cut short by the budget
        return Step(found, state, evaluations, tf.logical_not(moved | known) & searched)

    def _search(self, evaluate: Evaluate, start: Point, direction: Tensor, budget: int) -> tuple[Point, Scalar]:
        """(point, evaluations): the first trial with both conditions, else the lowest with the first, else `start`."""
        most = tf.minimum(self.max_evaluations, budget)
        best, count, done = start, tf.constant(0), tf.constant(False)
        one = tf.ones([], start.total.dtype)
        low, high, length = 0 * one, one * float("inf"), one
        while tf.logical_not(done) and count < most:
            trial = evaluate(boxed(start.image + length * direction, self.box))
            count += 1
            move = trial.image - start.image
            promised, slope = _dot(start.gradient, move), _dot(trial.gradient, move)
            enough = _finite(trial) & (trial.total <= start.total + DECREASE * promised)
            risen = slope >= CURVATURE * promised
            if enough:
                low = length
            else:
                high = length
            if enough and trial.total <= best.total:
                best = trial
            done = enough & risen
            length = _next_length(low, high, length, start.total, promised, trial.total, slope)
        return best, count


def _next_length(low: Scalar, high: Scalar, length: Scalar, f0: Scalar, d0: Scalar, f1: Scalar, d1: Scalar) -> Scalar:
    """The length of the next trial: doubled while the bracket has no upper end, else inside the bracket.

    f0, d0 and f1, d1: value and slope (times `length`) at 0 and at the trial. The cubic's minimum is N & W's 3.59.
    """
    a = d0 + d1 - 3 * (f1 - f0)
    root = tf.sqrt(tf.maximum(a**2 - d0 * d1, 0))
    cubic = length * (1 - (d1 + root - a) / (d1 - d0 + 2 * root))
    margin = BORDER * (high - low)
    inside = tf.where(tf.math.is_finite(cubic), tf.clip_by_value(cubic, low + margin, high - margin), (low + high) / 2)
    return tf.where(tf.math.is_finite(high), inside, 2 * length)


def _direction(gradient: Tensor, pairs: tuple[Pair, ...]) -> Tensor:
    """Minus the estimated inverse Hessian times `gradient`, computed in a graph."""
    return _graph(len(gradient.shape), gradient.dtype, len(pairs))(gradient, pairs)


@cache
def _graph(rank: int, dtype: Any, history: int) -> Any:
    """The two-loop recursion, traced once for pictures of any size."""
    picture, number = tf.TensorSpec([None] * rank, dtype), tf.TensorSpec([], dtype)
    pairs = (Pair(picture, picture, number),) * history
    return tf.function(_two_loops, autograph=False).get_concrete_function(picture, pairs)


def _two_loops(gradient: Tensor, pairs: tuple[Pair, ...]) -> Tensor:
    """The two-loop recursion, algorithm 7.4."""
    last = pairs[-1]
    known = last.rho > 0
    gamma = tf.where(known, 1 / (last.rho * _dot(last.y, last.y) + tf.cast(~known, gradient.dtype)), 0)  # equation 7.20
    first = FIRST_MOVE / (tf.reduce_max(tf.abs(gradient)) + 1e-30)
    q, alphas = gradient, []
    for s, y, rho in reversed(pairs):
        alpha = rho * _dot(s, q)
        q = q - alpha * y
        alphas.append(alpha)
    r = tf.where(known, gamma, first) * q
    for (s, y, rho), alpha in zip(pairs, reversed(alphas), strict=True):
        r = r + s * (alpha - rho * _dot(y, r))
    return -r


def _empty(image: Image, count: int) -> tuple[Pair, ...]:
    nothing = Pair(tf.zeros_like(image), tf.zeros_like(image), tf.zeros([], image.dtype))
    return (nothing,) * count


def _resized(picture: Image, like: Image) -> Image:
    """`picture` at the size of `like`."""
    return tf.image.resize(picture, like.shape[1:3], "bicubic")


def _pixels(picture: Image) -> int:
    return picture.shape[1] * picture.shape[2]


def _pair(s: Tensor, y: Tensor) -> Pair:
    sy = _dot(s, y)
    return Pair(s, y, tf.where(sy > 0, 1 / sy, 0))


def _remember(pairs: tuple[Pair, ...], pair: Pair) -> tuple[Pair, ...]:
    """Add `pair` and drop the oldest one; ignore a pair without positive curvature, which would spoil the estimate."""
    if pair.rho > 0:
        pairs = (*pairs[1:], pair)
    return pairs


def _free(point: Point, box: bool) -> Tensor:
    """1 where a value may move, 0 where it is at a bound of 0..1 and descent would leave the box."""
    if not box:
        return tf.ones_like(point.image)
    held = ((point.image <= 0) & (point.gradient > 0)) | ((point.image >= 1) & (point.gradient < 0))
    return tf.cast(~held, point.image.dtype)


def _finite(point: Point) -> Scalar:
    return tf.math.is_finite(point.total) & tf.reduce_all(tf.math.is_finite(point.gradient))


def _dot(a: Tensor, b: Tensor) -> Scalar:
    return tf.reduce_sum(a * b)
