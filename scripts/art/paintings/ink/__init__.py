"""An East-Asian ink landscape on rice paper: peaks in mist, rocks, water, pine and bamboo, and a red seal."""

import numpy as np
from PIL import Image

from painter.canvas import Canvas
from painter.ink_brush import PAPER, InkHand, lay_paper
from paintings.ink.details import paint_birds, paint_boat, paint_fall, paint_seal, paint_sky, paint_water
from paintings.ink.mountain import Mountain, paint_far, paint_mountain
from paintings.ink.plants import Culm, Pine, paint_culm, paint_grove, paint_pine

ASPECT = 0.78

RANGES = (
    (
        (
            (-0.05, 0.20),
            (0.10, 0.13),
            (0.2, 0.17),
            (0.35, 0.08),
            (0.5, 0.16),
            (0.66, 0.06),
            (0.8, 0.13),
            (0.9, 0.10),
            (1.05, 0.18),
        ),
        0.25,
        0.34,
    ),
    (
        (
            (-0.05, 0.24),
            (0.08, 0.25),
            (0.22, 0.19),
            (0.33, 0.26),
            (0.52, 0.22),
            (0.72, 0.26),
            (0.86, 0.16),
            (0.94, 0.20),
            (1.05, 0.15),
        ),
        0.28,
        0.42,
    ),
)
FAR_PEAKS = (
    Mountain(
        (
            (0.50, 0.50),
            (0.56, 0.36),
            (0.60, 0.30),
            (0.635, 0.17),
            (0.665, 0.135),
            (0.70, 0.17),
            (0.72, 0.25),
            (0.76, 0.28),
            (0.79, 0.23),
            (0.82, 0.25),
            (0.86, 0.36),
            (0.93, 0.50),
        ),
        0.52,
        0.55,
        18,
        0.22,
    ),
    Mountain(
        (
            (0.06, 0.58),
            (0.15, 0.38),
            (0.20, 0.30),
            (0.235, 0.14),
            (0.275, 0.06),
            (0.315, 0.045),
            (0.36, 0.085),
            (0.385, 0.18),
            (0.42, 0.22),
            (0.45, 0.20),
            (0.48, 0.26),
            (0.52, 0.42),
            (0.58, 0.58),
        ),
        0.60,
        0.85,
        26,
        0.22,
    ),
)
LEFT_ROCK = Mountain(
    (
        (-0.05, 0.40),
        (0.02, 0.36),
        (0.08, 0.40),
        (0.13, 0.37),
        (0.18, 0.44),
        (0.22, 0.52),
        (0.30, 0.56),
        (0.36, 0.66),
        (0.44, 0.76),
        (0.46, 0.85),
    ),
    0.86,
    1.0,
    20,
    0.10,
)
RIGHT_ROCK = Mountain(
    (
        (0.52, 0.85),
        (0.56, 0.74),
        (0.62, 0.68),
        (0.68, 0.64),
        (0.74, 0.57),
        (0.80, 0.55),
        (0.86, 0.59),
        (0.93, 0.54),
        (1.05, 0.52),
    ),
    0.88,
    1.0,
    18,
    0.10,
)

PINE = Pine(
    trunk=(
        (-0.05, 0.62),
        (0.02, 0.545),
        (0.045, 0.475),
        (0.095, 0.415),
        (0.085, 0.345),
        (0.125, 0.285),
        (0.115, 0.22),
        (0.145, 0.155),
        (0.155, 0.12),
    ),
    girth=0.042,
    boughs=(
        ((0.055, 0.465), (0.12, 0.455), (0.17, 0.475), (0.235, 0.455)),
        ((0.090, 0.415), (0.16, 0.395), (0.22, 0.40), (0.285, 0.375)),
        ((0.085, 0.350), (0.05, 0.325), (0.00, 0.335)),
        ((0.110, 0.305), (0.17, 0.295), (0.225, 0.30), (0.265, 0.285)),
        ((0.120, 0.260), (0.07, 0.235), (0.015, 0.245)),
        ((0.125, 0.200), (0.18, 0.185), (0.225, 0.195)),
        ((0.140, 0.165), (0.10, 0.145), (0.05, 0.155)),
        ((0.150, 0.130), (0.175, 0.105), (0.210, 0.10)),
    ),
)
CULMS = (
    Culm((0.885, 0.80), (0.80, -0.04), 7, 0.50, 9),
    Culm((0.965, 0.80), (0.93, -0.04), 6, 0.95, 15),
    Culm((0.925, 0.80), (1.00, -0.04), 7, 0.70, 12),
)


def paint(long_side: int, seed: int) -> Image.Image:
    """The picture in RGB, `long_side` pixels wide; the same seed gives the same pixels."""
    canvas = Canvas(long_side, ASPECT, PAPER)
    hand = InkHand(canvas, np.random.default_rng(seed))
    lay_paper(hand)
    paint_sky(hand)
    for outline, depth, load in RANGES:
        paint_far(hand, outline, depth, load)
    paint_birds(hand, (0.545, 0.10), 6)
    for mountain in FAR_PEAKS:
        paint_mountain(hand, mountain)
    paint_fall(hand, np.array([(0.418, 0.245), (0.410, 0.31), (0.416, 0.38), (0.408, 0.45), (0.412, 0.54)]), 0.013)
    places = np.stack([np.linspace(0.20, 0.92, 26), 0.555 + 0.02 * np.sin(np.arange(26))], axis=1)
    paint_grove(hand, places, 0.045, 0.7)
    paint_water(hand, 0.57, 0.78, 0.15, 0.90)
    paint_boat(hand, (0.50, 0.665), 0.055)
    paint_mountain(hand, LEFT_ROCK)
    paint_mountain(hand, RIGHT_ROCK)
    paint_pine(hand, PINE)
    for culm in CULMS:
        paint_culm(hand, culm)
    paint_seal(hand, (0.028, 0.035), 0.055)
    return canvas.picture(0.0)
