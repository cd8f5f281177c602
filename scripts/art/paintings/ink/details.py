"""Small things in an ink landscape: sky, water, a boat, birds, a waterfall and the seal."""

import numpy as np

from painter.curve import moved, ribbon, spline
from painter.frame import Array, smoothstep
from painter.ink_brush import INDIGO, INK, OCHRE, PAPER, InkBrush, InkHand
from painter.palette import rgb

VERMILION = rgb("#b5301f")

RIPPLE = InkBrush(0.0022, load=0.5, dryness=0.4, start=0.2, end=0.1, peak=0.5)
SKY_SWEEP = InkBrush(0.034, load=0.20, dryness=0.9, hairs=14, start=0.7, end=0.5, peak=0.3)
LINE = InkBrush(0.0032, load=0.95, dryness=0.2, start=0.6, end=0.2, peak=0.4)
HULL = InkBrush(0.0085, load=0.9, dryness=0.3, start=0.2, end=0.15, peak=0.5)
WING = InkBrush(0.0034, load=0.9, dryness=0.1, start=0.1, end=0.9, peak=0.8)
FALL = InkBrush(0.0016, load=0.55, dryness=0.4, start=0.7, end=0.2, peak=0.2)


def paint_sky(hand: InkHand) -> None:
    """Dry sweeps of a broad brush in thin indigo across the sky, over an uneven wash."""
    stencil, rng = hand.stencil, hand.rng
    cloud = smoothstep(stencil.noise(0.22, 0.05, rng) + 0.4 * stencil.noise(0.06, 0.02, rng), 0.5, 1.0)
    hand.wash(cloud * smoothstep(stencil.y, 0.35, 0.0), INDIGO, 0.42, edge=0.5)
    for _ in range(34):
        start = np.array([rng.uniform(-0.15, 0.85), rng.uniform(0.0, 0.26)])
        length, bow = rng.uniform(0.15, 0.40), rng.normal(0.0, 0.02)
        path = spline((start, moved(start, length / 2, bow), moved(start, length, rng.normal(0.0, 0.01))), 40)
        hand.stroke(path, SKY_SWEEP, INDIGO)


def paint_water(hand: InkHand, top: float, bottom: float, left: float, right: float) -> None:
    """A thin wash and ripples, which grow towards the viewer."""
    stencil, rng = hand.stencil, hand.rng
    sheet = smoothstep(stencil.y, top, top + 0.05) * (0.4 + 0.8 * stencil.noise(0.15, 0.012, rng))
    hand.wash(np.clip(sheet, 0.0, 1.0).astype(np.float32), INDIGO, 0.34, edge=0.4)
    for _ in range(420):
        depth = rng.random() ** 0.8
        y = top + 0.02 + depth * (bottom - top)
        size = 0.012 + 0.045 * depth
        x = rng.uniform(left, right)
        t = np.linspace(0.0, 1.0, 16)
        wave = 0.06 * size * np.sin(2.0 * np.pi * (t * rng.uniform(0.8, 1.6) + rng.random()))
        hand.stroke(np.stack([x + size * t, y + wave], axis=1), RIPPLE)


def paint_boat(hand: InkHand, place: tuple[float, float], size: float) -> None:
    """A fishing boat with a mat roof and a man at the oar."""
    at = np.array(place)
    hull = spline(
        [at + size * np.array(p) for p in ((-1.0, -0.14), (-0.5, 0.04), (0.1, 0.08), (0.7, 0.0), (1.05, -0.16))], 30
    )
    roof = spline(
        [at + size * np.array(p) for p in ((-0.45, -0.02), (-0.30, -0.30), (0.0, -0.36), (0.25, -0.28), (0.36, 0.0))],
        24,
    )
    hand.stencil.fill(roof, PAPER)
    hand.stencil.fill(roof, OCHRE, 0.55)
    hand.stroke(roof, LINE)
    for x in np.linspace(-0.3, 0.25, 6):
        hand.stroke(np.linspace(at + size * np.array((x, -0.28)), at + size * np.array((x + 0.03, 0.0)), 6), FALL)
    hand.stroke(hull, HULL)
    man = at + size * np.array((0.68, -0.06))
    hand.stroke(spline((man, moved(man, -0.004, -0.16 * size), moved(man, 0.0, -0.36 * size)), 12), HULL)
    hat = man + size * np.array([(-0.14, -0.36), (0.0, -0.50), (0.14, -0.36)])
    hand.stencil.fill(hat, INK)
    hand.stroke(np.linspace(moved(man, -0.06 * size, -0.22 * size), moved(man, 0.52 * size, 0.22 * size), 12), LINE)


def paint_birds(hand: InkHand, centre: tuple[float, float], count: int) -> None:
    """A loose skein of birds, two strokes each."""
    for i in range(count):
        place = np.array(centre) + hand.rng.normal(0.0, 0.004, 2)
        at = moved(place, 0.024 * i - 0.01 * count, 0.010 * abs(i - count / 3))
        span = hand.rng.uniform(0.009, 0.014)
        for sign in (-1.0, 1.0):
            wing = spline((moved(at, sign * span, -0.35 * span), moved(at, 0.5 * sign * span, -0.5 * span), at), 10)
            hand.stroke(wing, WING)


def paint_fall(hand: InkHand, line: Array, width: float) -> None:
    """A waterfall that widens and dissolves into mist: bare paper, thin lines, rocks that overlap its sides."""
    course = spline(line, 60)
    shape = hand.stencil.blur(hand.stencil.mask([ribbon(course, np.linspace(0.45, 1.1, 60) * width / 2)]), 0.0012)
    hand.stencil.lay(shape * smoothstep(hand.stencil.y, line[-1, 1], line[-1, 1] - 0.06), PAPER)
    for place in hand.rng.uniform(-0.4, 0.4, 14):
        low = int(hand.rng.integers(0, 36))
        piece = course[low : low + int(hand.rng.integers(8, 18))]
        hand.stroke(moved(piece, place * width, 0.0), FALL)
    for i in range(0, 46, 3):
        for sign in (-0.5, 0.5):
            start = moved(course[i], sign * width * (0.6 + i / 80) + hand.rng.normal(0.0, 0.002), 0.0)
            bulge = moved(start, 0.3 * sign * width, 0.010), moved(start, 0.2 * sign * width, 0.024)
            hand.stroke(spline((start, *bulge), 8), LINE)


def paint_seal(hand: InkHand, corner: tuple[float, float], size: float) -> None:
    """A square seal in worn vermilion, its strokes cut out in the manner of seal script."""
    stencil, rng = hand.stencil, hand.rng
    worn = (0.62 + 0.38 * smoothstep(stencil.noise(0.004, 0.004, rng), 0.2, 0.45)).astype(np.float32)
    square = np.array([(0.0, 0.0), (1.0, 0.02), (0.98, 1.0), (0.01, 0.98)])
    stencil.fill(np.array(corner) + size * square, VERMILION, worn)
    cuts = (
        ((0.12, 0.14), (0.46, 0.14)),
        ((0.12, 0.28), (0.46, 0.28)),
        ((0.29, 0.14), (0.29, 0.46)),
        ((0.12, 0.46), (0.46, 0.46)),
        ((0.12, 0.28), (0.12, 0.46)),
        ((0.56, 0.14), (0.56, 0.46)),
        ((0.56, 0.14), (0.88, 0.14)),
        ((0.88, 0.14), (0.88, 0.46)),
        ((0.56, 0.30), (0.88, 0.30)),
        ((0.12, 0.58), (0.46, 0.58)),
        ((0.12, 0.58), (0.12, 0.88)),
        ((0.46, 0.58), (0.46, 0.88)),
        ((0.12, 0.73), (0.46, 0.73)),
        ((0.12, 0.88), (0.46, 0.88)),
        ((0.56, 0.58), (0.88, 0.58)),
        ((0.72, 0.58), (0.72, 0.88)),
        ((0.56, 0.73), (0.88, 0.73)),
        ((0.56, 0.88), (0.88, 0.88)),
    )
    for start, end in cuts:
        line = np.array(corner) + size * np.linspace(start, end, 6)
        stencil.fill(ribbon(line, 0.030 * size), PAPER)
