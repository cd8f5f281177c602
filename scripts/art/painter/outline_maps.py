"""Maps of closed outlines on a frame: inside or outside, and the distance from the line."""

import numpy as np

from painter.curve import perimeter, resample
from painter.frame import MAP_SIDE, Array, Frame, enlarge

COARSENESS = 4
"""Step of the cells on which distances over the whole sheet are measured; it also smooths them."""

MARGIN = 0.012
"""Width of the strip around an outline in which its depth is exact."""


def depth(frame: Frame, outline: Array) -> Array:
    """Distance [h,w] from a closed outline [n,2]: positive inside, negative outside, approximate far away."""
    low = np.floor((outline.min(axis=0) - MARGIN) * MAP_SIDE).astype(int)
    high = np.ceil((outline.max(axis=0) + MARGIN) * MAP_SIDE).astype(int) + 1
    window = tuple(slice(max(0, low[i]), max(1, high[i])) for i in (1, 0))
    points = np.stack([frame.x[window], frame.y[window]], axis=-1)
    values = np.full(frame.x.shape, -MARGIN)
    values[window] = np.where(_contains(outline, points), 1.0, -1.0) * _gap(points, _dotted(outline))
    return values


def gap(frame: Frame, outlines: list[Array]) -> Array:
    """Distance [h,w] to the nearest point of several lines [n,2], over the whole sheet."""
    cells = slice(None, None, COARSENESS)
    middle = (COARSENESS - 1) / 2 / MAP_SIDE
    points = np.stack([frame.x[cells, cells], frame.y[cells, cells]], axis=-1) + middle
    return enlarge(_gap(points, np.concatenate([_dotted(line) for line in outlines])), *frame.x.shape)


def _dotted(outline: Array) -> Array:
    closed = np.concatenate([outline, outline[:1]])
    return resample(closed, max(24, round(perimeter(closed) / 0.003)))


def _gap(points: Array, dots: Array) -> Array:
    """Distance of `points` [...,2] from the nearest of `dots` [n,2]."""
    nearest = np.full(points.shape[:-1], np.inf)
    for x, y in dots:
        np.minimum(nearest, (points[..., 0] - x) ** 2 + (points[..., 1] - y) ** 2, out=nearest)
    return np.sqrt(nearest)


def _contains(outline: Array, points: Array) -> Array:
    """Whether `points` [...,2] lie within a closed outline, by the even-odd rule."""
    inside = np.zeros(points.shape[:-1], dtype=bool)
    x, y = points[..., 0], points[..., 1]
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if ay != by:
            inside ^= ((ay <= y) != (by <= y)) & (x < ax + (y - ay) / (by - ay) * (bx - ax))
    return inside
