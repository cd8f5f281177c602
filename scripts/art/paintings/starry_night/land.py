"""The land of the Starry Night: hills, fields, village and cypress."""

from dataclasses import dataclass

import numpy as np

from painter.brush import Brush
from painter.flow import level_lines, streaks
from painter.frame import Array, Frame, Point, bump, smoothstep
from painter.hand import Hand, Passage
from painter.palette import Ramp
from paintings.starry_night.houses import House, paint_church, paint_house

FAR_HILLS = Ramp.of("#141f58", "#23418e", "#3a69b0", "#6a98c6", "#a6c1d8")
NEAR_HILLS = Ramp.of("#10204a", "#1c3f72", "#2b688c", "#4f9394", "#98bc8e")
FIELDS = Ramp.of("#0c1a30", "#16384a", "#2b5e58", "#5f8652", "#b0aa55")
TREES = Ramp.of("#070f1a", "#0f2c30", "#205042", "#4a7849", "#98a24e")
OLIVES = Ramp.of("#0a1830", "#163a55", "#2f6a70", "#6d9a84", "#b4c08a")
CYPRESS = Ramp.of("#05080e", "#0c1a1a", "#1a3223", "#374722", "#6c6225", "#a98838")

LAND_BRUSHES = (
    Brush(width=0.0120, length=0.065, spacing=0.0085, contrast=0.08, two_tone=0.10),
    Brush(width=0.0075, length=0.045, spacing=0.0085, contrast=0.16, two_tone=0.14),
)
CREST_BRUSH = Brush(width=0.0055, length=0.060, spacing=0.0060, contrast=0.10, two_tone=0.08)
BUSH_BRUSHES = (
    Brush(width=0.0095, length=0.026, spacing=0.0060, contrast=0.09, two_tone=0.10),
    Brush(width=0.0060, length=0.020, spacing=0.0075, contrast=0.18, two_tone=0.14),
)
CYPRESS_BRUSHES = (
    Brush(width=0.0150, length=0.090, spacing=0.0080, contrast=0.06, two_tone=0.10, taper=0.7),
    Brush(width=0.0100, length=0.075, spacing=0.0080, contrast=0.14, two_tone=0.16, taper=0.85),
    Brush(width=0.0060, length=0.055, spacing=0.0095, contrast=0.22, two_tone=0.18, taper=0.9),
)

WHITEWASH = Ramp.of("#3d5578", "#6d8aa6", "#a9bcc0", "#d9d8bd")
OCHRE_WALL = Ramp.of("#5b4a3c", "#94774a", "#c9a65c", "#e6d08c")
BLUE_WALL = Ramp.of("#22345f", "#3f639a", "#6f98bf", "#a9c6d0")
TILES = Ramp.of("#3e1f22", "#7a3a26", "#ad5a2c", "#d08a48")
SLATES = Ramp.of("#121b3e", "#22386c", "#3f6296", "#7597b8")

UPWARDS = -np.pi / 2

CYPRESS_EDGE = 0.33
"""Start of the land right of the cypress."""

OLIVE_SHARE = 0.4
"""Share of olive bushes among the green ones."""


@dataclass(frozen=True)
class Ridge:
    """A range of hills; its crest lies at `y` on the left and climbs by `rise` to the right."""

    y: float
    rise: float
    waves: tuple[tuple[float, float, float], ...]
    """Amplitude, number over the picture's width, and phase in radians of each wave on the crest."""
    depth: float
    """Visible depth below its crest."""
    ramp: Ramp


@dataclass(frozen=True)
class Flame:
    """A tongue of the cypress, from `root` (x at the picture's foot) to `tip`, swaying sideways by `sway`."""

    root: float
    tip: Point
    half_width: float
    sway: float


RIDGES = (
    Ridge(0.600, 0.150, ((0.016, 1.6, 0.4), (0.008, 3.7, 2.0)), 0.13, FAR_HILLS),
    Ridge(0.640, 0.110, ((0.018, 1.3, 3.6), (0.006, 4.3, 0.0)), 0.15, NEAR_HILLS),
    Ridge(0.665, 0.030, ((0.010, 1.8, 1.0), (0.004, 5.0, 1.0)), 0.20, FIELDS),
)
FLAMES = (
    Flame(0.150, (0.190, 0.030), 0.074, 0.016),
    Flame(0.098, (0.088, 0.400), 0.046, 0.010),
    Flame(0.215, (0.262, 0.330), 0.048, -0.012),
    Flame(0.240, (0.298, 0.530), 0.040, -0.008),
)
BACK_ROW = (
    House((0.352, 0.662), 0.028, OCHRE_WALL, SLATES, depth=0.030),
    House((0.408, 0.668), 0.032, BLUE_WALL, TILES, depth=0.034),
    House((0.482, 0.664), 0.032, WHITEWASH, SLATES, depth=-0.030),
    House((0.668, 0.660), 0.032, WHITEWASH, TILES, depth=0.036),
    House((0.728, 0.664), 0.030, BLUE_WALL, SLATES, depth=0.034),
    House((0.800, 0.660), 0.032, OCHRE_WALL, TILES, depth=0.034),
    House((0.868, 0.656), 0.026, WHITEWASH, SLATES, depth=0.028),
)
FRONT_ROW = (
    House((0.370, 0.716), 0.042, OCHRE_WALL, TILES, height=0.029, gable=0.024, depth=0.044),
    House((0.452, 0.722), 0.038, BLUE_WALL, SLATES, height=0.028, gable=0.024, depth=0.034),
    House((0.516, 0.728), 0.036, WHITEWASH, TILES, height=0.027, gable=0.022, depth=0.036, windows=2),
    House((0.640, 0.722), 0.042, OCHRE_WALL, SLATES, height=0.030, gable=0.024, depth=0.044, windows=2),
    House((0.732, 0.716), 0.040, WHITEWASH, TILES, height=0.028, gable=0.024, depth=0.040),
    House((0.828, 0.718), 0.038, BLUE_WALL, TILES, height=0.028, gable=0.022, depth=-0.040, windows=2),
    House((0.905, 0.706), 0.032, OCHRE_WALL, SLATES, height=0.025, gable=0.020, depth=0.034),
)


def paint_hills(hand: Hand, frame: Frame) -> None:
    """The ranges from far to near, each with a dark line along its crest."""
    for ridge in RIDGES:
        below = frame.y - _crest(frame, ridge)
        # Lines parallel to the crest would look like layers, so swells bend them.
        rolls = below + 0.014 * frame.noise(0.10, hand.rng) + 0.010 * np.sin(30.0 * frame.x + 60.0 * below)
        flow = level_lines(rolls)
        tone = 0.15 + 0.65 * streaks(flow, frame.noise(0.014, hand.rng), 0.16)
        slope = Passage(smoothstep(below, 0.0, 0.006) * (below < ridge.depth), flow, tone, ridge.ramp)
        for brush in LAND_BRUSHES:
            hand.cover(slope, brush)
        crest = Passage(bump(below - 0.003, 0.004), level_lines(below), np.full_like(tone, 0.05), ridge.ramp)
        hand.cover(crest, CREST_BRUSH)


def paint_village(hand: Hand) -> None:
    """Houses from back to front around the church, bushes between and before them."""
    _paint_bushes(hand, 0.650, 12, 0.015)
    for house in BACK_ROW:
        paint_house(hand, house)
    _paint_bushes(hand, 0.686, 12, 0.011)
    paint_church(hand, (0.570, 0.694), WHITEWASH, SLATES, 0.150)
    for house in FRONT_ROW:
        paint_house(hand, house)
    _paint_bushes(hand, 0.752, 20, 0.020)
    _paint_bushes(hand, 0.790, 16, 0.030)


def paint_cypress(hand: Hand, frame: Frame) -> None:
    """The cypress: tapering strokes that lick upwards and lean out at its edges."""
    for flame in FLAMES[::-1]:
        across, climb = _flame_coordinates(frame, flame)
        # Strokes start well inside, so that their tips form the outline.
        inside = smoothstep(np.abs(across), 0.95, 0.7) * smoothstep(climb, 0.99, 0.97)
        leaning = 0.45 * across * (1.0 - climb)
        writhing = 0.35 * np.sin(26.0 * frame.y + 2.5 * across) + 0.9 * (frame.noise(0.05, hand.rng) - 0.5)
        flow = UPWARDS + leaning + writhing * (1.0 - 0.6 * climb)
        tone = 0.08 + 0.62 * streaks(flow, frame.noise(0.012, hand.rng), 0.14) - 0.12 * np.abs(across)
        for brush in CYPRESS_BRUSHES:
            hand.cover(Passage(inside, flow, tone, CYPRESS, UPWARDS), brush)


def _crest(frame: Frame, ridge: Ridge) -> Array:
    """Height of a ridge's crest above every map cell's column."""
    waves = sum(a * np.sin(2.0 * np.pi * n * frame.x + phase) for a, n, phase in ridge.waves)
    return ridge.y - ridge.rise * smoothstep(frame.x, 0.35, 1.0) + waves


def _flame_coordinates(frame: Frame, flame: Flame) -> tuple[Array, Array]:
    """Position in a flame: across from -1 to 1 at its edges, and climb from 0 at the picture's foot to 1 at the tip."""
    climb = (frame.aspect - frame.y) / (frame.aspect - flame.tip[1])
    spine = flame.root + (flame.tip[0] - flame.root) * climb + flame.sway * np.sin(7.0 * climb)
    girth = np.clip(1.0 - climb, 0.0, 1.0) ** 0.75 * (1.0 + 0.15 * np.sin(19.0 * climb))
    return (frame.x - spine) / np.maximum(flame.half_width * girth, 1e-3), climb


def _paint_bushes(hand: Hand, y: float, count: int, radius: float) -> None:
    """A row of round bushes right of the cypress, dark below and light above."""
    for x in hand.rng.permutation(np.linspace(CYPRESS_EDGE, 1.0, count)):
        centre = np.array([x, y]) + radius * hand.rng.normal(0.0, (0.5, 0.3))
        ramp = OLIVES if hand.rng.random() < OLIVE_SHARE else TREES
        for brush in BUSH_BRUSHES:
            _paint_curls(hand, centre, radius * hand.rng.uniform(0.8, 1.3), ramp, brush)


def _paint_curls(hand: Hand, centre: Array, radius: float, ramp: Ramp, brush: Brush) -> None:
    """Strokes that curl about `centre`, opening outwards."""
    count = round(3.0 * (radius / brush.spacing) ** 2)
    reach = radius * np.sqrt(hand.rng.random(count))
    start = hand.rng.uniform(0.0, 2.0 * np.pi, count)
    turn = np.linspace(0.0, 1.0, 8)
    angles = start[:, None] + brush.length / np.maximum(reach, 0.4 * radius)[:, None] * turn
    radii = reach[:, None] * (0.85 + 0.25 * turn)
    paths = centre + radii[..., None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    height = (centre[1] - paths[:, 4, 1]) / radius
    hand.strokes(paths, ramp, 0.35 + 0.35 * height, brush, at_once=3)
