"""Geometric forms painted by hand: discs, halos, rings, checkers, wedges, polygons and lines of every weight."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from painter.brush import Brush
from painter.curve import arc, ellipse, perimeter, smooth
from painter.flow import circling
from painter.frame import Array, Frame, Point, smoothstep
from painter.hand import Hand, Passage
from painter.palette import Ramp
from painter.shapes import draw, fill, wobbly

WIDE = Brush(width=0.0120, length=0.060, spacing=0.0062, contrast=0.06, two_tone=0.10)
FINE = Brush(width=0.0068, length=0.034, spacing=0.0036, contrast=0.07, two_tone=0.10)
TINY = Brush(width=0.0046, length=0.026, spacing=0.0026, contrast=0.06, two_tone=0.09)
HALO_BRUSH = Brush(width=0.0085, length=0.034, spacing=0.0052, contrast=0.06, two_tone=0.08)

WIDE_FROM, FINE_FROM = 0.055, 0.034
"""Minimum extents of a form for the wide and for the fine brush."""

HEAVY = 0.008
"""Lines wider than this are painted twice."""

WOBBLE = 0.0011
"""Deviation of the hand from an exact outline."""


@dataclass(frozen=True)
class Form:
    """A closed outline [n,2] in one color; tones run from the first to the second across the hatching."""

    outline: Array
    ramp: Ramp
    tones: tuple[float, float] = (0.35, 0.70)
    angle: float = 0.6
    """Direction of the hatching, radians."""
    opacity: float = 1.0


@dataclass(frozen=True)
class Halo:
    """A glow around a disc: its ramp runs from the disc's rim outwards to the ground."""

    centre: Point
    inner: float
    outer: float
    ramp: Ramp


@dataclass(frozen=True)
class Line:
    """A drawn line through `points`, curved unless `straight`; `weight` is its width."""

    points: tuple[Point, ...]
    weight: float
    ramp: Ramp
    straight: bool = True
    taper: float = 0.0
    tone: float = 0.4


def paint_form(hand: Hand, form: Form) -> None:
    """Fill a form, with a brush that suits its size."""
    size = float(np.ptp(form.outline, axis=0).min())
    brush = replace(WIDE if size >= WIDE_FROM else FINE if size >= FINE_FROM else TINY, opacity=form.opacity)
    outline = wobbly(form.outline, min(WOBBLE, 0.02 * size), hand.rng)
    fill(hand, outline, form.ramp, form.tones, brush, form.angle)


def paint_disc(hand: Hand, centre: Point, radius: float, ramp: Ramp) -> None:
    """A filled circle, hatched in a random direction."""
    outline = ellipse(centre, (radius, radius * hand.rng.uniform(0.96, 1.0)), hand.rng.uniform(0.0, np.pi))
    paint_form(hand, Form(outline, ramp, (0.30, 0.75), hand.rng.uniform(0.0, np.pi)))


def paint_rings(hand: Hand, centre: Point, radius: float, ramps: Sequence[Ramp], rim: Ramp | None = None) -> None:
    """Concentric discs from the outermost in, each with a thin rim if one is given."""
    for number, ramp in enumerate(ramps):
        inner = radius * (1.0 - number / len(ramps))
        paint_disc(hand, centre, inner, ramp)
        if rim:
            circle(hand, centre, inner, 0.0026, rim)


def paint_halo(hand: Hand, frame: Frame, halo: Halo) -> None:
    """Dashes around a disc that thin out into the ground."""
    share = (frame.distance(halo.centre) - halo.inner) / (halo.outer - halo.inner)
    coverage = smoothstep(share, 1.05, 0.45) * (share > -0.25)
    hand.cover(Passage(coverage, circling(frame, halo.centre), np.clip(share, 0.0, 1.0), halo.ramp), HALO_BRUSH)


def circle(hand: Hand, centre: Point, radius: float, weight: float, ramp: Ramp) -> None:
    """A circle drawn in one stroke with slightly overlapping ends."""
    start = hand.rng.uniform(0.0, 2.0 * np.pi)
    points = wobbly(arc(centre, radius, start, start + 2.0 * np.pi + 0.25), 0.4 * WOBBLE, hand.rng)
    draw(hand, points, ramp, 0.3, Brush(width=weight, length=max(0.05, 1.6 * radius), contrast=0.05, two_tone=0.08))


def paint_line(hand: Hand, line: Line) -> None:
    """A line in one color, ruled but not quite straight, or curved through its points."""
    points = np.asarray(line.points) if line.straight else smooth(line.points)
    count = max(8, round(perimeter(points) / 0.02))
    places = np.linspace(0.0, len(points) - 1.0, count)
    fine = np.stack([np.interp(places, np.arange(len(points)), points[:, i]) for i in (0, 1)], axis=1)
    brush = Brush(width=line.weight, length=0.0, contrast=0.06, two_tone=0.10, taper=line.taper)
    for _ in range(1 + (line.weight > HEAVY)):
        draw(hand, wobbly(fine, 0.5 * WOBBLE, hand.rng), line.ramp, line.tone, brush)


def paint_checker(
    hand: Hand, corner: Point, right: Point, down: Point, cells: tuple[int, int], ramps: Sequence[Ramp]
) -> None:
    """A board of `cells` columns and rows over the parallelogram of `right` and `down`, in alternating colors."""
    origin, u, v = (np.asarray(vector) for vector in (corner, right, down))
    columns, rows = cells
    board = np.array([origin, origin + u, origin + u + v, origin + v])
    paint_form(hand, Form(board, ramps[0], angle=float(np.arctan2(u[1], u[0]))))
    for row in range(rows):
        for column in range(columns):
            places = np.array([(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]) / cells
            outline = origin + places[:, :1] * u + places[:, 1:] * v
            ramp = ramps[(column + row * (1 + len(ramps) // 3)) % len(ramps)]
            paint_form(hand, Form(outline, ramp, (0.4, 0.6), float(np.arctan2(u[1], u[0]))))


def paint_fan(hand: Hand, centre: Point, radius: float, span: tuple[float, float], ramps: Sequence[Ramp]) -> None:
    """Wedges side by side between the two angles of `span`, one for each ramp."""
    angles = np.linspace(*span, len(ramps) + 1)
    for start, end, ramp in zip(angles[:-1], angles[1:], ramps, strict=True):
        outline = np.concatenate([[centre], arc(centre, radius, start, end, 12)])
        paint_form(hand, Form(outline, ramp, (0.35, 0.7), (start + end) / 2))


def paint_bow(hand: Hand, centre: Point, radius: float, span: tuple[float, float], weight: float, ramp: Ramp) -> None:
    """An arc of width `weight` in its middle, thin at both ends."""
    middle, half = (span[0] + span[1]) / 2, (span[1] - span[0]) / 2
    offsets = np.linspace(-0.42, 0.42, max(3, round(weight / 0.0040)))
    for offset in hand.rng.permutation(np.concatenate([offsets, offsets])):
        reach = half * np.sqrt(1.0 - (1.8 * offset) ** 2)
        line = arc(centre, radius + offset * weight, middle - reach, middle + reach)
        brush = Brush(width=0.0075, contrast=0.06, two_tone=0.10)
        draw(hand, wobbly(line, 0.5 * WOBBLE, hand.rng), ramp, 0.5 + 0.3 * offset, brush)
