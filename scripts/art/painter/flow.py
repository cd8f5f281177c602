"""Flow fields: maps of angles [h,w] in radians along which strokes run.

A stroke looks the same from either end, so angles count modulo pi. Fields are blended as doubled angles: opposite
currents then strengthen each other, where vectors would cancel.
"""

from collections.abc import Iterable

import numpy as np

from painter.frame import Array, Frame, enlarge, sample

TRACE_POINTS = 16
"""Points of a traced path."""

STREAK_COARSENESS = 3
"""Streaks are averaged on every third map cell: they are blurred along the flow anyway."""


def blend(parts: Iterable[tuple[Array, Array | float]]) -> Array:
    """Weighted mean of (angles, weight) parts; weights >= 0, maps [h,w] or constants."""
    total = sum(np.asarray(weight) * np.exp(2j * angles) for angles, weight in parts)
    return np.asarray(np.angle(total) / 2.0, dtype=np.float64)


def circling(frame: Frame, centre: tuple[float, float], pitch: float = 0.0) -> Array:
    """Circles around `centre`; a `pitch` in radians turns them into logarithmic spirals."""
    return frame.bearing(centre) + np.pi / 2 + pitch


def level_lines(values: Array) -> Array:
    """Angles along the contour lines of a scalar map."""
    down, right = np.gradient(values)
    return np.arctan2(right, -down)


def trace(angles: Array, starts: Array, lengths: Array, heading: float = 0.0) -> Array:
    """Paths [n,16,2] through `starts` [n,2], each centered on its start and `lengths` [n] long.

    `heading`, in radians, selects which of the two ends of a path comes first.
    """
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    half = TRACE_POINTS // 2
    step = (lengths / (TRACE_POINTS - 1))[:, None]
    facing = np.array([[np.cos(heading), np.sin(heading)]])
    first = _direction(vectors, starts, facing)
    forward = _march(vectors, starts + step * first / 2, first, step, half - 1)
    backward = _march(vectors, starts - step * first / 2, -first, step, half - 1)
    return np.stack(backward[::-1] + forward, axis=1)


def streaks(angles: Array, noise: Array, reach: float) -> Array:
    """`noise` [h,w] averaged along the flow over a length of `reach` and stretched to 0..1 by rank.

    Line integral convolution (Cabral and Leedom, 1993): neighbors on a streamline get similar values, so tones form
    ribbons along the flow.
    """
    rows, columns = noise.shape
    row, column = np.mgrid[0:rows:STREAK_COARSENESS, 0:columns:STREAK_COARSENESS]
    starts = np.stack([column, row], axis=-1).reshape(-1, 2) / columns
    paths = trace(angles, starts, np.full(len(starts), reach))
    means = sample(noise, paths).mean(axis=1)
    ranks = np.argsort(np.argsort(means, kind="stable"), kind="stable") / len(means)
    return enlarge(ranks.reshape(row.shape), rows, columns)


def _direction(vectors: Array, points: Array, facing: Array) -> Array:
    """Unit vectors [n,2] of the flow at `points`, with signs that agree with `facing`."""
    vector = sample(vectors, points)
    along = (vector * facing).sum(axis=-1, keepdims=True)
    return np.where(along >= 0, vector, -vector)


def _march(vectors: Array, points: Array, facing: Array, step: Array, count: int) -> list[Array]:
    """`points` and the `count` points reached from there by the midpoint rule; Euler steps drift off tight circles."""
    path = [points]
    for _ in range(count):
        middle = points + step / 2 * _direction(vectors, points, facing)
        facing = _direction(vectors, middle, facing)
        points = points + step * facing
        path.append(points)
    return path
