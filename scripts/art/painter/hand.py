"""A painter's hand: turns passages, facets and single lines into strokes on a canvas."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from painter.brush import Brush, Marks
from painter.canvas import Canvas
from painter.flow import trace
from painter.frame import Array, Point, sample
from painter.palette import Ramp

MARK_COUNT = 40
"""Number of different marks: enough that repetition is not visible."""

LENGTH_RANGE = (0.65, 1.3)
"""Range of a stroke's length, relative to the brush."""

WIDTH_RANGE = (0.75, 1.2)
"""Range of a stroke's width, relative to the brush."""

HUE_SPREAD = 0.022
"""Standard deviation of each color channel around the ramp."""

OVERSHOOT = 0.06
"""Overshoot of a hatching stroke at either edge, as a share of its length: bristles lift before its end."""

AT_ONCE_SHARE, AT_ONCE_MOST = 0.01, 32
"""Share and maximum number of strokes laid together: few in random order, so that they seldom overlap."""


@dataclass(frozen=True)
class Passage:
    """An area painted with one brush and ramp; maps are [h,w]."""

    coverage: Array
    """Probability, 0..1, that a stroke starts here."""
    flow: Array
    """Angles of the strokes, radians."""
    tone: Array
    """Position on the ramp, 0..1."""
    ramp: Ramp
    heading: float = 0.0
    """Angle in radians that selects one of the two directions along the flow."""


class Hand:
    """Paints strokes on one canvas, with one stock of marks and one random generator."""

    def __init__(self, canvas: Canvas, rng: np.random.Generator) -> None:
        self.canvas = canvas
        self.rng = rng
        self.marks = Marks.make(MARK_COUNT, rng)

    def cover(self, passage: Passage, brush: Brush) -> None:
        """Cover a passage with strokes that follow its flow, in random order."""
        starts = self._scatter(passage.coverage, brush.spacing)
        lengths = brush.length * self.rng.uniform(*LENGTH_RANGE, len(starts))
        paths = trace(passage.flow, starts, lengths, passage.heading)
        at_once = min(AT_ONCE_MOST, 1 + int(AT_ONCE_SHARE * len(starts)))
        self.strokes(paths, passage.ramp, sample(passage.tone, starts), brush, at_once)

    def strokes(self, paths: Array, ramp: Ramp, tones: Array | float, brush: Brush, at_once: int = 1) -> None:
        """Strokes along `paths` [n,points,2], in this order, in paints of `ramp` around `tones` [n].

        `at_once` strokes are laid together, which is faster but needs strokes that hardly overlap.
        """
        count = len(paths)
        first = tones + brush.contrast * self.rng.normal(size=count)
        second = first + brush.two_tone * self.rng.normal(size=count)
        paints = ramp(np.stack([first, second], axis=-1)) + HUE_SPREAD * self.rng.normal(size=(count, 2, 3))
        widths = brush.width * self.rng.uniform(*WIDTH_RANGE, count)
        picks = self.rng.integers(MARK_COUNT, size=count)
        for i in range(0, count, at_once):
            some = slice(i, i + at_once)
            marks = self.marks.pick(picks[some]).thinned(brush.opacity)
            self.canvas.sweep(paths[some], widths[some], paints[some], marks, brush.taper)

    def facet(self, corners: Sequence[Point], ramp: Ramp, tone: float, brush: Brush) -> None:
        """Hatch a flat four-sided shape with strokes from side 0-1 to side 3-2; equal corners make a triangle."""
        a, b, c, d = (np.asarray(corner) for corner in corners)
        breadth = max(np.hypot(*(b - a)), np.hypot(*(c - d)))
        count = max(2, round(breadth / brush.spacing))
        places = ((np.arange(count) + 0.5) / count)[:, None]
        starts, ends = a + places * (b - a), d + places * (c - d)
        over = OVERSHOOT * (ends - starts)
        self.strokes(straight(starts - over, ends + over), ramp, tone, brush)

    def outline(self, points: Sequence[Point], ramp: Ramp, tone: float, brush: Brush) -> None:
        """Draw each side of an open line as one stroke."""
        corners = np.asarray(points)
        self.strokes(straight(corners[:-1], corners[1:]), ramp, tone, brush)

    def _scatter(self, coverage: Array, spacing: float) -> Array:
        """Starting points [n,2]: one at random per grid cell, kept with the probability `coverage`."""
        height, width = coverage.shape[0] / coverage.shape[1], 1.0
        y, x = np.mgrid[0:height:spacing, 0:width:spacing]
        cells = np.stack([x, y], axis=-1).reshape(-1, 2)
        points = cells + self.rng.uniform(0.0, spacing, cells.shape)
        kept = points[self.rng.random(len(points)) < sample(coverage, points)]
        return self.rng.permutation(kept)


def straight(starts: Array, ends: Array) -> Array:
    """Straight paths [n,4,2] from `starts` [n,2] to `ends` [n,2]."""
    return np.linspace(starts, ends, 4, axis=1)
