"""A homage to Hokusai's "Under the Wave off Kanagawa" (about 1831), printed from blocks: wave, boats, Mount Fuji."""

import numpy as np
from PIL import Image

from painter.canvas import Canvas
from painter.curve import spline
from painter.palette import rgb
from painter.woodblock import Print
from paintings.great_wave.foam import Cap, Row, print_cap, print_row, print_spray
from paintings.great_wave.scene import Boat, print_boat, print_fuji, print_sky
from paintings.great_wave.water import DEEP, LIGHT, MID, PALE, Water, print_water, striped

ASPECT = 0.68
PAPER = rgb("#ece0c2")
LIGHT_ON_PAPER = 0.30

GREAT = Water(
    first=(
        (-0.06, 0.78),
        (-0.08, 0.54),
        (-0.02, 0.36),
        (0.08, 0.225),
        (0.17, 0.14),
        (0.26, 0.092),
        (0.34, 0.092),
        (0.41, 0.135),
        (0.45, 0.205),
    ),
    last=(
        (0.76, 0.66),
        (0.60, 0.630),
        (0.46, 0.575),
        (0.380, 0.480),
        (0.345, 0.38),
        (0.350, 0.30),
        (0.380, 0.245),
        (0.418, 0.218),
        (0.452, 0.210),
    ),
    paint=DEEP,
    stripes=striped(11, (PALE, MID, LIGHT), (0.08, 0.95)),
)
GREAT_CAP = Cap(
    outer=(
        (0.03, 0.285),
        (0.08, 0.222),
        (0.17, 0.132),
        (0.26, 0.082),
        (0.34, 0.080),
        (0.415, 0.125),
        (0.462, 0.205),
        (0.43, 0.250),
        (0.385, 0.275),
    ),
    inner=(
        (0.05, 0.290),
        (0.115, 0.245),
        (0.20, 0.185),
        (0.27, 0.150),
        (0.33, 0.145),
        (0.375, 0.170),
        (0.395, 0.205),
        (0.385, 0.232),
        (0.372, 0.262),
    ),
    scallops=19,
)
BACK_CLAWS = Row(lip=GREAT_CAP.outer, count=34, lengths=(0.040, 0.085), leans=(-0.9, -0.9), turn=1.9)
FRONT_CLAWS = Row(
    lip=((0.16, 0.165), (0.25, 0.120), (0.33, 0.118), (0.39, 0.150), (0.425, 0.200), (0.415, 0.232), (0.385, 0.255)),
    count=20,
    lengths=(0.045, 0.075),
    leans=(-0.3, -0.7),
    turn=1.9,
)
FACE_CLAWS = Row(
    lip=((0.12, 0.243), (0.20, 0.182), (0.27, 0.148), (0.33, 0.143), (0.375, 0.170)),
    count=17,
    lengths=(0.030, 0.048),
    leans=(0.75, 0.9),
    turn=1.6,
)
FAR_SWELL = Water(
    first=((1.06, 0.395), (0.98, 0.430), (0.90, 0.472), (0.80, 0.500), (0.66, 0.508), (0.50, 0.500), (0.36, 0.505)),
    last=((1.06, 0.60), (0.98, 0.60), (0.90, 0.60), (0.80, 0.60), (0.66, 0.60), (0.50, 0.59), (0.36, 0.58)),
    paint=MID,
    stripes=striped(5, (DEEP, PALE), (0.0, 0.97), 0.7),
)
RIGHT_SWELL = Water(
    first=((1.06, 0.475), (0.99, 0.492), (0.93, 0.520), (0.86, 0.558), (0.76, 0.588), (0.62, 0.590), (0.45, 0.580)),
    last=((1.06, 0.72), (0.99, 0.72), (0.93, 0.72), (0.86, 0.72), (0.76, 0.72), (0.62, 0.70), (0.45, 0.68)),
    paint=DEEP,
    stripes=striped(6, (PALE, MID, LIGHT), (0.0, 0.97), 0.6),
)
NEAR = Water(
    first=((-0.06, 0.585), (0.04, 0.588), (0.13, 0.565), (0.20, 0.525), (0.25, 0.478), (0.285, 0.455)),
    last=((0.98, 0.74), (0.72, 0.685), (0.55, 0.650), (0.42, 0.590), (0.34, 0.520), (0.292, 0.456)),
    paint=DEEP,
    stripes=striped(9, (PALE, LIGHT, MID), (0.06, 0.96), 0.6),
)
FRONT = Water(
    first=((-0.06, 0.640), (0.04, 0.622), (0.12, 0.628), (0.22, 0.652), (0.34, 0.655), (0.46, 0.660), (0.58, 0.70)),
    last=((-0.06, 0.78), (0.04, 0.74), (0.12, 0.73), (0.22, 0.75), (0.34, 0.74), (0.46, 0.73), (0.58, 0.72)),
    paint=DEEP,
    stripes=striped(5, (MID, PALE, LIGHT), (0.0, 0.96), 0.55),
)
NEAR_CLAWS = Row(
    lip=((0.155, 0.558), (0.205, 0.522), (0.25, 0.475), (0.29, 0.452), (0.325, 0.485), (0.36, 0.530)),
    count=18,
    lengths=(0.026, 0.046),
    leans=(-0.7, -0.5),
    turn=1.7,
)
NEAR_CAP = Cap(
    outer=((0.12, 0.572), (0.20, 0.522), (0.25, 0.475), (0.288, 0.450), (0.32, 0.478), (0.37, 0.550)),
    inner=((0.14, 0.575), (0.215, 0.548), (0.26, 0.510), (0.288, 0.490), (0.305, 0.508), (0.355, 0.552)),
    scallops=11,
)
NEAR_FACE = Row(
    lip=((0.15, 0.572), (0.215, 0.545), (0.26, 0.508), (0.290, 0.488), (0.31, 0.510), (0.345, 0.548)),
    count=13,
    lengths=(0.022, 0.034),
    leans=(0.8, 0.6),
    turn=1.4,
)
RIGHT_CLAWS = Row(
    lip=((1.03, 0.475), (0.985, 0.490), (0.93, 0.517), (0.87, 0.550)),
    count=10,
    lengths=(0.040, 0.026),
    leans=(0.7, 0.5),
    turn=-1.7,
)
FAR_BOAT = Boat((0.83, 0.520), length=0.26, tilt=-0.10, bend=0.055, rowers=8)
NEAR_BOAT = Boat((0.52, 0.605), length=0.30, tilt=0.12, bend=0.065, rowers=9)


def paint(long_side: int, seed: int) -> Image.Image:
    """The print as an RGB picture, `long_side` pixels wide; the same seed gives the same pixels."""
    canvas = Canvas(long_side, ASPECT, PAPER)
    block = Print(canvas, np.random.default_rng(seed))
    print_sky(block)
    print_fuji(block)
    print_water(block, FAR_SWELL)
    print_boat(block, FAR_BOAT)
    print_water(block, RIGHT_SWELL)
    print_row(block, RIGHT_CLAWS)
    print_water(block, GREAT)
    _print_crest(block)
    print_boat(block, NEAR_BOAT)
    print_water(block, NEAR)
    print_row(block, NEAR_CLAWS)
    print_cap(block, NEAR_CAP)
    print_row(block, NEAR_FACE)
    print_water(block, FRONT)
    _print_drops(block)
    block.emboss(0.6)
    return canvas.picture(LIGHT_ON_PAPER)


def _print_crest(block: Print) -> None:
    """The foam of the great wave, from back to front."""
    print_row(block, BACK_CLAWS)
    print_cap(block, GREAT_CAP)
    print_row(block, FACE_CLAWS)
    print_row(block, FRONT_CLAWS)


def _print_drops(block: Print) -> None:
    """Spray off the lips, thick near them and thin far away."""
    for row, count, reach in ((BACK_CLAWS, 620, 0.075), (NEAR_CLAWS, 140, 0.04), (RIGHT_CLAWS, 90, 0.04)):
        lip = spline(row.lip, 200)
        away = np.abs(block.rng.normal(0.0, reach, (count, 1)))
        angle = block.rng.uniform(-2.2, 0.9, (count, 1))
        flight = away * np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
        print_spray(
            block, lip[block.rng.integers(200, size=count)] + flight, block.rng.gamma(4.0, 0.00035, count) + 0.0006
        )
