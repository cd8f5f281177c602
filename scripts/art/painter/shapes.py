"""Fill an outline [points,2] by hatching and a painted edge, and draw lines."""

import numpy as np

from painter.brush import Brush
from painter.curve import perimeter, resample, rotated
from painter.frame import Array
from painter.hand import Hand, straight
from painter.palette import Ramp

OVERLAP = 0.16
"""Overlap of a stroke and the next one, as a share of its length: bristles lift before their end."""

CORNERED = 8
"""Outlines of at most this many points are polygons: the brush lifts at every corner."""

CORNER_OVERSHOOT = 0.12
"""Overshoot at a corner, as a share of the brush's length: bristles land raggedly."""

EDGE_POINTS = 8
"""Points of one stroke along an edge."""


def fill(hand: Hand, outline: Array, ramp: Ramp, tones: tuple[float, float], brush: Brush, angle: float = 0.0) -> None:
    """Hatch a closed outline [n,2] with strokes at `angle`, from the first tone to the second across the hatching."""
    starts, ends = hatch(outline, angle, brush.spacing)
    if len(starts):
        starts, ends = _split(starts, ends, brush.length)
        hand.strokes(straight(starts, ends), ramp, _graded((starts + ends) / 2, outline, angle, tones), brush)
    cut_in(hand, outline, ramp, tones, brush, angle)


def cut_in(
    hand: Hand, outline: Array, ramp: Ramp, tones: tuple[float, float], brush: Brush, angle: float = 0.0
) -> None:
    """Run the brush along the inside of a closed outline [n,2], so that a hatched shape gets a firm edge."""
    if len(outline) <= CORNERED:
        paths = _along_sides(outline, 0.42 * brush.width, brush.length)
    else:
        paths = _along_curve(_inset(outline, 0.42 * brush.width), brush.length)
    hand.strokes(paths, ramp, _graded(paths.mean(axis=1), outline, angle, tones), brush)


def hatch(outline: Array, angle: float, spacing: float) -> tuple[Array, Array]:
    """Starts and ends [n,2] of parallel lines at `angle` within a closed outline [n,2], by the even-odd rule."""
    a = rotated(outline, -angle)
    b = np.roll(a, -1, axis=0)
    low, high = a[:, 1].min(), a[:, 1].max()
    levels = np.linspace(low, high, max(1, round((high - low) / spacing)) + 1)
    spans = []
    for level in (levels[:-1] + levels[1:]) / 2:
        cut = (a[:, 1] <= level) != (b[:, 1] <= level)
        share = (level - a[cut, 1]) / (b[cut, 1] - a[cut, 1])
        x = np.sort(a[cut, 0] + share * (b[cut, 0] - a[cut, 0]))
        spans += [((x[i], level), (x[i + 1], level)) for i in range(0, len(x) - 1, 2)]
    lines = np.array(spans).reshape(-1, 2, 2)
    return rotated(lines[:, 0], angle), rotated(lines[:, 1], angle)


def draw(hand: Hand, line: Array, ramp: Ramp, tone: float, brush: Brush) -> None:
    """Draw an open line [n,2] in strokes of about the brush's length, or in a single one if that is 0."""
    count = max(1, round(perimeter(line) / brush.length)) if brush.length else 1
    points = resample(line, count * 24 + 1)
    over = 2 if count > 1 else 0
    turns = np.arange(count)[:, None] * 24 + np.arange(-over, 25 + over)
    hand.strokes(points[np.clip(turns, 0, len(points) - 1)], ramp, tone, brush)


def wobbly(line: Array, amount: float, rng: np.random.Generator) -> Array:
    """The line [n,2] as drawn by hand: with smooth deviations of about `amount`; closed lines stay closed."""
    turn = np.linspace(0.0, 2.0 * np.pi, len(line), endpoint=False)[:, None]
    phases = rng.uniform(0.0, 2.0 * np.pi, (3, 2))
    waves = [np.sin(n * turn + phase) / n for n, phase in zip((2, 3, 5), phases, strict=True)]
    return line + amount * sum(waves)


def _graded(points: Array, outline: Array, angle: float, tones: tuple[float, float]) -> Array:
    """Tones [n] of `points` by their position across the hatching of `outline`."""
    low, high = (extreme(rotated(outline, -angle)[:, 1]) for extreme in (np.min, np.max))
    share = np.clip((rotated(points, -angle)[:, 1] - low) / max(high - low, 1e-9), 0.0, 1.0)
    return tones[0] + share * (tones[1] - tones[0])


def _split(starts: Array, ends: Array, length: float) -> tuple[Array, Array]:
    """The lines, cut into strokes of at most `length` that overshoot their ends a little."""
    counts = np.maximum(1, np.ceil(np.hypot(*(ends - starts).T) / length)).astype(int)
    line = np.repeat(np.arange(len(counts)), counts)
    piece = np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts)
    step = ((ends - starts) / counts[:, None])[line]
    begin = starts[line] + piece[:, None] * step
    inner = (piece[:, None] > 0) * OVERLAP
    outer = (piece[:, None] < counts[line][:, None] - 1) * OVERLAP
    return begin - inner * step, begin + (1.0 + outer) * step


def _along_sides(corners: Array, depth: float, most: float) -> Array:
    """Paths [n,4,2] of at most about `most` along the inside of every side of a polygon, `depth` off it."""
    side = np.roll(corners, -1, axis=0) - corners
    length = np.maximum(np.hypot(*side.T), 1e-9)[:, None]
    normal = np.stack([-side[:, 1], side[:, 0]], axis=1) / length * _orientation(corners)
    over = side / length * np.minimum(CORNER_OVERSHOOT * most, 0.1 * length)
    return straight(*_split(corners - over + depth * normal, corners + side + over + depth * normal, most))


def _along_curve(ring: Array, length: float) -> Array:
    """Overlapping paths [n,points,2] of about `length` around a closed curve."""
    ring = np.concatenate([ring, ring[:1]])
    count = max(3, round(perimeter(ring) / length))
    points = resample(ring, count * (EDGE_POINTS - 1) + 1)
    turns = np.arange(count)[:, None] * (EDGE_POINTS - 1) + np.arange(-1, EDGE_POINTS + 1)
    return points[:-1][turns % (len(points) - 1)]


def _orientation(ring: Array) -> float:
    """1 for a closed line that runs clockwise on the picture, -1 for the other way."""
    x, y = ring.T
    return float(np.sign(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))))


def _inset(outline: Array, depth: float) -> Array:
    """A closed outline [n,2] moved inwards; it is first resampled finely, so that corners do not cross."""
    ring = resample(outline, max(len(outline), 96), closed=True)
    tangent = np.roll(ring, -1, axis=0) - np.roll(ring, 1, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1) * _orientation(ring)
    return ring + depth * normal / np.maximum(np.hypot(*normal.T), 1e-9)[:, None]
