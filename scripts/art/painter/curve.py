"""Curves and outlines, [points,2] in fractions of the picture's long side."""

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from painter.frame import Array, Point

CURVE_STEPS = 10
"""Points of a smooth curve per corner."""


def spline(points: Sequence[Sequence[float]] | Sequence[Array] | Array, count: int = 80) -> Array:
    """Smooth curve [count,2] through all `points` (Catmull and Rom, 1974), evenly spread over their indices."""
    return _weights(len(points), count) @ np.asarray(points, dtype=np.float64)


def normals(path: Array) -> Array:
    """Unit normals [points,2] of a path, to its right hand as seen on the picture."""
    step = np.empty_like(path)
    step[1:-1] = path[2:] - path[:-2]
    step[0], step[-1] = path[1] - path[0], path[-1] - path[-2]
    turned = step[:, ::-1] * (-1.0, 1.0)
    return turned / np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-9)[:, None]


def ribbon(path: Array, half_widths: npt.ArrayLike) -> Array:
    """Outline of a band around `path`, `half_widths` (one, or one per point) to either side."""
    side = normals(path) * np.asarray(half_widths)[..., None]
    return np.concatenate([path + side, (path - side)[::-1]])


def moved(points: Array, right: float, down: float) -> Array:
    """Points moved by an offset."""
    return points + np.array([right, down])


def between(first: Array, second: Array) -> Array:
    """Outline of the area between two curves of the same direction."""
    return np.concatenate([first, second[::-1]])


def curl(start: npt.ArrayLike, heading: float, length: float, turn: float, count: int = 24) -> Array:
    """A curve that starts at angle `heading` and turns by `turn` radians, ever faster."""
    t = np.linspace(0.0, 1.0, count)
    angle = heading + turn * t**1.5
    steps = np.stack([np.cos(angle), np.sin(angle)], axis=1)[:-1] * length / (count - 1)
    return np.asarray(start) + np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])


@functools.lru_cache(maxsize=4096)
def swell(count: int, start: float = 0.0, end: float = 0.0, peak: float = 0.5) -> Array:
    """Pressure [count] on a brush: rises from `start` to 1 at the share `peak` of the way, then falls to `end`."""
    t = np.linspace(0.0, 1.0, count)
    rise = np.sin(np.pi / 2 * np.clip(t / peak, 0.0, 1.0))
    fall = np.sin(np.pi / 2 * np.clip((1.0 - t) / (1.0 - peak), 0.0, 1.0))
    return np.where(t < peak, start + (1.0 - start) * rise, end + (1.0 - end) * fall)


def ellipse(centre: Point, radii: Point, turn: float = 0.0, count: int = 72) -> Array:
    """Closed outline [count,2] of an ellipse whose first axis is turned by `turn` radians."""
    angles = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    return centre + rotated(np.stack([radii[0] * np.cos(angles), radii[1] * np.sin(angles)], axis=1), turn)


def arc(centre: Point, radius: float, start: float, end: float, count: int = 48) -> Array:
    """Open arc [count,2] of a circle between two angles in radians, clockwise from the right."""
    angles = np.linspace(start, end, count)
    return centre + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def smooth(corners: Sequence[Point] | Array, closed: bool = False) -> Array:
    """Smooth curve [n,2] through `corners`, a closed one without repeating its first point."""
    points = np.asarray(corners, dtype=np.float64)
    if not closed:
        return spline(points, CURVE_STEPS * (len(points) - 1) + 1)
    around = np.concatenate([points[-1:], points, points[:2]])
    curve = spline(around, CURVE_STEPS * (len(around) - 1) + 1)
    return curve[CURVE_STEPS : CURVE_STEPS * (len(points) + 1)]


def resample(line: Array, count: int, closed: bool = False) -> Array:
    """`count` points at equal distances along a line [n,2]; a closed one does not repeat its first point."""
    line = np.concatenate([line, line[:1]]) if closed else line
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    places = np.linspace(0.0, lengths[-1], count, endpoint=not closed)
    return np.stack([np.interp(places, lengths, line[:, i]) for i in (0, 1)], axis=1)


def perimeter(line: Array) -> float:
    """Length of an open line [n,2]."""
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def rotated(points: Array, angle: float) -> Array:
    """`points` [n,2] turned about the origin by `angle` radians, clockwise as seen on the picture."""
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]])


@functools.lru_cache(maxsize=256)
def _weights(knots: int, count: int) -> Array:
    """Weight [count,knots] of each knot in each point of a spline, extended straight beyond both ends."""
    padded = np.zeros((knots + 2, knots))
    padded[1:-1] = np.eye(knots)
    padded[0, :2], padded[-1, -2:] = (2.0, -1.0), (-1.0, 2.0)
    places = np.linspace(0.0, knots - 1, count)
    i = np.minimum(places.astype(int), knots - 2)
    t = (places - i)[:, None]
    a, b, c, d = (padded[i + k] for k in range(4))
    return b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
