"""Curves and outlines, [points,2] in fractions of the picture's long side."""

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from painter.frame import Array


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
    """Outline of a band around `path`, `half_widths` (one, or one a point) to either side of it."""
    side = normals(path) * np.asarray(half_widths)[..., None]
    return np.concatenate([path + side, (path - side)[::-1]])


def moved(points: Array, right: float, down: float) -> Array:
    """The same point or points elsewhere."""
    return points + np.array([right, down])


def between(first: Array, second: Array) -> Array:
    """Outline of the area between two curves that run the same way."""
    return np.concatenate([first, second[::-1]])


def curl(start: npt.ArrayLike, heading: float, length: float, turn: float, count: int = 24) -> Array:
    """A curve that sets out at angle `heading` and turns by `turn` radians on its way, the faster the further."""
    t = np.linspace(0.0, 1.0, count)
    angle = heading + turn * t**1.5
    steps = np.stack([np.cos(angle), np.sin(angle)], axis=1)[:-1] * length / (count - 1)
    return np.asarray(start) + np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])


@functools.lru_cache(maxsize=4096)
def swell(count: int, start: float = 0.0, end: float = 0.0, peak: float = 0.5) -> Array:
    """Pressure [count] on a brush: rises from `start` to 1 at `peak` of its way and sinks to `end`."""
    t = np.linspace(0.0, 1.0, count)
    rise = np.sin(np.pi / 2 * np.clip(t / peak, 0.0, 1.0))
    fall = np.sin(np.pi / 2 * np.clip((1.0 - t) / (1.0 - peak), 0.0, 1.0))
    return np.where(t < peak, start + (1.0 - start) * rise, end + (1.0 - end) * fall)


@functools.lru_cache(maxsize=256)
def _weights(knots: int, count: int) -> Array:
    """Share [count,knots] of each knot in each point of a spline, which goes straight on beyond both ends."""
    padded = np.zeros((knots + 2, knots))
    padded[1:-1] = np.eye(knots)
    padded[0, :2], padded[-1, -2:] = (2.0, -1.0), (-1.0, 2.0)
    places = np.linspace(0.0, knots - 1, count)
    i = np.minimum(places.astype(int), knots - 2)
    t = (places - i)[:, None]
    a, b, c, d = (padded[i + k] for k in range(4))
    return b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
