"""Positions of all forms in the Composition: great angles, haloed discs and boards, lines and accents."""

import numpy as np

from painter.curve import arc, ellipse
from painter.frame import Frame, Point
from painter.geometric import (
    Form,
    Halo,
    Line,
    circle,
    paint_bow,
    paint_checker,
    paint_disc,
    paint_fan,
    paint_form,
    paint_halo,
    paint_line,
    paint_rings,
)
from painter.hand import Hand
from painter.palette import Ramp
from paintings.composition.colors import (
    BLACK,
    BLUE,
    CREAM,
    CRIMSON,
    GREEN,
    LILAC,
    OCHRE,
    ORANGE,
    RED,
    ROSE,
    SKY,
    TEAL,
    VIOLET,
    WHITE,
    YELLOW,
)

GREAT_CIRCLES: tuple[tuple[Point, float, float], ...] = (
    ((0.330, 0.330), 0.175, 0.0036),
    ((0.700, 0.300), 0.140, 0.0030),
    ((0.560, 0.640), 0.125, 0.0030),
    ((0.140, 0.155), 0.128, 0.0026),
)
STRIPES: tuple[tuple[Point, Point, Point, tuple[Ramp, ...]], ...] = (
    ((0.010, 0.120), (0.026, 0.010), (-0.004, 0.030), (BLACK, YELLOW)),
    ((0.600, 0.195), (0.060, -0.050), (0.016, 0.020), (RED, BLACK, WHITE, BLUE, ORANGE)),
    ((0.150, 0.445), (0.090, -0.030), (0.010, 0.030), (GREEN, BLACK, ROSE, WHITE, BLACK, YELLOW)),
    ((0.640, 0.560), (0.070, -0.040), (0.018, 0.032), (VIOLET, WHITE, BLACK, RED, SKY)),
    ((0.960, 0.560), (0.030, 0.090), (-0.030, 0.010), (ORANGE, BLACK, WHITE, CRIMSON, TEAL)),
    ((0.380, 0.560), (0.070, 0.020), (-0.008, 0.028), (BLACK, WHITE, RED, WHITE)),
    ((0.860, 0.060), (0.040, -0.040), (0.020, 0.020), (YELLOW, BLACK, ROSE)),
)
"""Bands of colors side by side: corner, direction across the bands, direction along them."""

LONG_LINES: tuple[tuple[tuple[Point, ...], float], ...] = (
    (((0.010, 0.640), (0.640, 0.030)), 0.0105),
    (((0.330, 0.740), (0.990, 0.100)), 0.0055),
    (((0.020, 0.250), (0.480, 0.420)), 0.0026),
    (((0.470, 0.020), (0.980, 0.470)), 0.0030),
    (((0.340, 0.300), (0.760, 0.735)), 0.0028),
    (((0.620, 0.700), (0.990, 0.690)), 0.0050),
)
SNAKES: tuple[tuple[tuple[Point, ...], float, Ramp], ...] = (
    (((0.590, 0.715), (0.630, 0.690), (0.670, 0.725), (0.710, 0.695), (0.750, 0.730), (0.790, 0.705)), 0.0090, BLACK),
    (((0.020, 0.210), (0.045, 0.245), (0.030, 0.280), (0.060, 0.310), (0.045, 0.350)), 0.0080, BLUE),
    (((0.620, 0.255), (0.655, 0.235), (0.680, 0.265), (0.715, 0.240), (0.745, 0.270), (0.780, 0.245)), 0.0080, RED),
    (((0.330, 0.030), (0.350, 0.055), (0.380, 0.030), (0.400, 0.055), (0.430, 0.035)), 0.0070, GREEN),
    (((0.890, 0.700), (0.910, 0.725), (0.935, 0.700), (0.960, 0.728), (0.985, 0.705)), 0.0070, VIOLET),
)
SHEAVES: tuple[tuple[tuple[Point, Point], tuple[Point, Point], tuple[float, ...], Ramp], ...] = (
    (((0.180, 0.300), (0.225, 0.420)), ((0.250, 0.290), (0.275, 0.400)), (0.003, 0.006, 0.003, 0.009, 0.003), BLACK),
    (((0.610, 0.300), (0.720, 0.345)), ((0.590, 0.370), (0.700, 0.415)), (0.008, 0.003, 0.003, 0.006), BLACK),
    (((0.640, 0.180), (0.700, 0.090)), ((0.660, 0.200), (0.735, 0.120)), (0.003, 0.003, 0.003), CRIMSON),
    (((0.900, 0.480), (0.990, 0.500)), ((0.905, 0.530), (0.985, 0.560)), (0.003, 0.009, 0.003, 0.005), BLACK),
    (((0.350, 0.700), (0.420, 0.740)), ((0.380, 0.670), (0.460, 0.720)), (0.004, 0.004, 0.010, 0.004), BLUE),
    (((0.270, 0.130), (0.340, 0.110)), ((0.280, 0.170), (0.350, 0.160)), (0.003, 0.008, 0.003, 0.003), BLACK),
    (((0.480, 0.560), (0.560, 0.540)), ((0.490, 0.600), (0.580, 0.590)), (0.004, 0.004, 0.008), VIOLET),
    (((0.020, 0.020), (0.080, 0.050)), ((0.010, 0.060), (0.060, 0.090)), (0.004, 0.009, 0.004), BLACK),
)
NOTE_COUNT = 60
NOTE_ROOM = 0.01
"""Radius of a note, when the distance to it is measured."""

NOTE_RAMPS = (BLACK, BLACK, RED, BLUE, YELLOW, GREEN, VIOLET, ORANGE, CRIMSON, WHITE)
SMALL_DISCS: tuple[tuple[Point, float, Ramp], ...] = (
    ((0.300, 0.050), 0.016, YELLOW),
    ((0.460, 0.060), 0.011, BLACK),
    ((0.480, 0.220), 0.014, ORANGE),
    ((0.640, 0.060), 0.012, BLUE),
    ((0.800, 0.130), 0.018, RED),
    ((0.965, 0.050), 0.018, GREEN),
    ((0.350, 0.430), 0.020, YELLOW),
    ((0.400, 0.520), 0.015, RED),
    ((0.190, 0.500), 0.018, BLUE),
    ((0.040, 0.570), 0.013, ORANGE),
    ((0.170, 0.630), 0.020, VIOLET),
    ((0.230, 0.700), 0.012, RED),
    ((0.540, 0.680), 0.020, ROSE),
    ((0.600, 0.640), 0.011, BLACK),
    ((0.710, 0.440), 0.018, GREEN),
    ((0.780, 0.400), 0.012, BLACK),
    ((0.950, 0.300), 0.014, CRIMSON),
    ((0.900, 0.650), 0.017, YELLOW),
    ((0.720, 0.620), 0.014, VIOLET),
    ((0.560, 0.350), 0.010, YELLOW),
    ((0.030, 0.390), 0.016, BLACK),
    ((0.520, 0.510), 0.017, TEAL),
)


def _halo(*codes: str) -> Ramp:
    """Colors from the rim outwards, ending in those of the ground."""
    return Ramp.of(*codes, "#efe3c6", "#f1e6c9")


HALOES = (
    Halo((0.140, 0.155), 0.088, 0.150, _halo("#d8324a", "#e8707c", "#f2a8a4", "#f0cdb8")),
    Halo((0.815, 0.560), 0.085, 0.135, _halo("#f6c62c", "#f8dc74", "#f6e6a8")),
    Halo((0.905, 0.150), 0.048, 0.088, _halo("#3f6cc4", "#7fa2d8", "#b4c8dc")),
    Halo((0.560, 0.105), 0.036, 0.070, _halo("#f0882c", "#f4b468", "#f3d4a0")),
    Halo((0.085, 0.480), 0.030, 0.064, _halo("#2a9488", "#74bcae", "#b8d8c4")),
    Halo((0.430, 0.640), 0.034, 0.068, _halo("#7a4cb0", "#a888cc", "#d0c0d8")),
)
GREAT_ANGLES = (
    Form(np.array([(0.405, 0.070), (0.530, 0.600), (0.255, 0.560)]), SKY, (0.15, 0.75), 1.2, 0.75),
    Form(np.array([(0.690, 0.130), (0.840, 0.455), (0.560, 0.480)]), YELLOW, (0.35, 0.95), 0.3, 0.80),
    Form(np.array([(0.020, 0.300), (0.270, 0.345), (0.110, 0.420)]), ROSE, (0.2, 0.8), 0.2, 0.75),
    Form(np.array([(0.560, 0.730), (0.720, 0.500), (0.745, 0.720)]), TEAL, (0.3, 0.9), -0.9, 0.75),
    Form(np.array([(0.800, 0.020), (0.985, 0.300), (0.850, 0.330)]), LILAC, (0.2, 0.8), 1.0, 0.70),
    Form(arc((0.560, 0.640), 0.125, 2.6, 5.74), ROSE, (0.1, 0.9), 0.1, 0.60),
    Form(arc((0.330, 0.330), 0.175, 1.2, 4.34), LILAC, (0.9, 0.2), 1.2, 0.55),
    Form(arc((0.700, 0.300), 0.140, -1.9, 1.24), ORANGE, (0.9, 0.4), -0.5, 0.55),
    Form(np.array([(0.030, 0.725), (0.160, 0.540), (0.300, 0.715)]), OCHRE, (0.5, 1.0), -0.4, 0.70),
)


def paint_chords(hand: Hand) -> None:
    """The great angles, thinly painted, and the black lines that carry them beyond their corners."""
    for form in GREAT_ANGLES:
        paint_form(hand, form)
    for ends, weight in (
        (((0.412, 0.030), (0.540, 0.650)), 0.0052),
        (((0.415, 0.040), (0.235, 0.600)), 0.0036),
        (((0.230, 0.556), (0.560, 0.606)), 0.0030),
        (((0.684, 0.110), (0.860, 0.490)), 0.0044),
        (((0.700, 0.100), (0.540, 0.510)), 0.0060),
        (((0.545, 0.735), (0.735, 0.475)), 0.0046),
        (((0.795, 0.010), (0.860, 0.350)), 0.0034),
        (((0.020, 0.735), (0.170, 0.520)), 0.0046),
        (((0.150, 0.525), (0.310, 0.730)), 0.0032),
    ):
        paint_line(hand, Line(ends, weight, BLACK))


def paint_themes(hand: Hand, frame: Frame) -> None:
    """The haloed discs, the boards, stripes, fans and bows."""
    for centre, radius, weight in GREAT_CIRCLES:
        circle(hand, centre, radius, weight, BLACK)
    for corner, across, along, ramps in STRIPES:
        paint_checker(hand, corner, across, along, (len(ramps), 1), ramps)
    for halo in HALOES:
        paint_halo(hand, frame, halo)
    paint_rings(hand, (0.140, 0.155), 0.094, (BLACK, VIOLET, CRIMSON))
    paint_disc(hand, (0.215, 0.080), 0.030, RED)
    circle(hand, (0.215, 0.080), 0.033, 0.0036, BLACK)
    paint_rings(hand, (0.815, 0.560), 0.088, (BLUE, WHITE, RED, YELLOW, BLACK), BLACK)
    paint_rings(hand, (0.905, 0.150), 0.052, (BLACK, SKY, ORANGE))
    paint_rings(hand, (0.560, 0.105), 0.038, (RED, YELLOW, GREEN), BLACK)
    paint_rings(hand, (0.085, 0.480), 0.033, (TEAL, WHITE, CRIMSON), BLACK)
    paint_rings(hand, (0.430, 0.640), 0.037, (VIOLET, ROSE, YELLOW), BLACK)
    paint_checker(
        hand, (0.445, 0.270), (0.150, -0.030), (0.035, 0.130), (5, 4), (BLACK, WHITE, RED, WHITE, BLUE, CREAM)
    )
    paint_checker(hand, (0.860, 0.330), (0.110, 0.034), (-0.030, 0.100), (4, 4), (WHITE, VIOLET, YELLOW, BLACK))
    paint_checker(hand, (0.250, 0.615), (0.120, 0.040), (-0.026, 0.072), (5, 3), (BLACK, CREAM, GREEN, WHITE, ORANGE))
    paint_checker(hand, (0.270, 0.215), (0.074, 0.022), (-0.022, 0.070), (3, 3), (YELLOW, BLUE, WHITE, CRIMSON))
    paint_fan(hand, (0.300, 0.480), 0.096, (-2.9, -1.2), (RED, YELLOW, WHITE, BLUE, BLACK, ROSE))
    paint_fan(hand, (0.660, 0.660), 0.080, (-0.5, 1.0), (GREEN, YELLOW, LILAC, RED))
    paint_fan(hand, (0.735, 0.070), 0.066, (0.4, 2.2), (VIOLET, ROSE, BLACK, YELLOW))
    paint_bow(hand, (0.620, 0.560), 0.075, (3.0, 6.1), 0.022, BLACK)
    paint_bow(hand, (0.470, 0.480), 0.058, (2.9, 6.0), 0.018, RED)
    paint_bow(hand, (0.500, 0.180), 0.090, (1.0, 3.1), 0.016, BLUE)
    paint_bow(hand, (0.935, 0.620), 0.070, (-1.9, 1.0), 0.018, GREEN)
    paint_bow(hand, (0.500, 0.180), 0.122, (0.9, 2.9), 0.010, BLACK)
    paint_bow(hand, (0.620, 0.560), 0.105, (3.5, 5.8), 0.012, VIOLET)
    paint_bow(hand, (0.300, 0.480), 0.122, (-3.0, -1.1), 0.012, ORANGE)
    paint_bow(hand, (0.610, 0.270), 0.190, (-0.9, 0.6), 0.014, CRIMSON)
    paint_bow(hand, (0.070, 0.620), 0.055, (-2.6, 0.4), 0.016, CRIMSON)


def paint_accents(hand: Hand) -> None:
    """Long lines across the sheet, sheaves of short ones, snakes, and small discs all over."""
    for ends, weight in LONG_LINES:
        paint_line(hand, Line(ends, weight, BLACK, taper=0.35))
    for sheaf in SHEAVES:
        _paint_sheaf(hand, *sheaf)
    for points, weight, ramp in SNAKES:
        paint_line(hand, Line(points, weight, ramp, straight=False))
    for centre, radius, color in SMALL_DISCS:
        paint_disc(hand, centre, radius, color)
        circle(hand, centre, radius + 0.002, 0.0024, BLACK)
    _paint_notes(hand)


def _paint_notes(hand: Hand) -> None:
    """Small triangles, squares, dots and dashes, each as far as possible from earlier ones."""
    spared = [(halo.centre, halo.inner) for halo in HALOES] + [disc[:2] for disc in SMALL_DISCS]
    places, radii = np.array([place for place, _ in spared]), np.array([radius for _, radius in spared])
    for number in range(NOTE_COUNT):
        candidates = hand.rng.uniform((0.02, 0.02), (0.98, 0.73), (12, 2))
        gaps = (np.hypot(*(candidates[:, None] - places).transpose(2, 0, 1)) - radii).min(axis=1)
        place = candidates[gaps.argmax()]
        places, radii = np.concatenate([places, place[None]]), np.append(radii, NOTE_ROOM)
        ramp = NOTE_RAMPS[hand.rng.integers(len(NOTE_RAMPS))]
        size, turn = hand.rng.uniform(0.007, 0.014), hand.rng.uniform(0.0, np.pi)
        if number % 3 == 2:
            reach = 2.0 * size * np.array([np.cos(turn), np.sin(turn)])
            paint_line(hand, Line((tuple(place - reach), tuple(place + reach)), 0.005, ramp))
        else:
            corners = ellipse((place[0], place[1]), (size, size), turn, 3 + number % 3)
            paint_form(hand, Form(corners, ramp, (0.3, 0.7), turn))


def _paint_sheaf(
    hand: Hand, first: tuple[Point, Point], last: tuple[Point, Point], weights: tuple[float, ...], ramp: Ramp
) -> None:
    """Lines interpolated between the first and the last, one for each weight."""
    for share, weight in zip(np.linspace(0.0, 1.0, len(weights)), weights, strict=True):
        start, end = ((1.0 - share) * np.asarray(a) + share * np.asarray(b) for a, b in zip(first, last, strict=True))
        paint_line(hand, Line((tuple(start), tuple(end)), weight, ramp))
