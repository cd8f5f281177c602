"""The surroundings of the Great Wave: sky with mist, Mount Fuji, boats."""

from dataclasses import dataclass

import numpy as np

from painter.curve import between, ellipse, moved, ribbon, rotated, spline, swell
from painter.frame import Array, bump, smoothstep
from painter.palette import rgb
from painter.woodblock import Print
from paintings.great_wave.water import KEY

OCHRE, DUSK, NIGHT = rgb("#dcc28a"), rgb("#565f6b"), rgb("#35507c")
MIST = rgb("#efe3c6")
SNOW, SLOPE = rgb("#f2ebd9"), rgb("#34598a")
HULL, HULL_SHADE, ROBE, SKIN = rgb("#cf9f57"), rgb("#8d6138"), rgb("#24457c"), rgb("#e3bf95")

FUJI = (
    (0.515, 0.500),
    (0.575, 0.472),
    (0.622, 0.432),
    (0.652, 0.396),
    (0.664, 0.3905),
    (0.678, 0.3925),
    (0.692, 0.410),
    (0.725, 0.444),
    (0.778, 0.476),
    (0.850, 0.500),
)
SNOW_LINE = (
    (0.608, 0.444),
    (0.624, 0.450),
    (0.629, 0.441),
    (0.640, 0.462),
    (0.649, 0.443),
    (0.660, 0.470),
    (0.668, 0.446),
    (0.681, 0.464),
    (0.689, 0.441),
    (0.704, 0.452),
    (0.714, 0.436),
)


@dataclass(frozen=True)
class Band:
    """A band of mist with rounded ends."""

    left: float
    right: float
    y: float
    height: float


@dataclass(frozen=True)
class Boat:
    """A long boat, seen from its side and riding a curve; `bend` is the rise of its ends above its middle."""

    middle: tuple[float, float]
    length: float
    tilt: float
    bend: float
    rowers: int


BANDS = (
    Band(0.55, 1.10, 0.072, 0.026),
    Band(0.66, 0.90, 0.105, 0.026),
    Band(0.53, 0.83, 0.176, 0.022),
    Band(0.72, 1.10, 0.204, 0.030),
    Band(0.62, 0.93, 0.286, 0.024),
    Band(0.56, 0.74, 0.312, 0.020),
    Band(0.80, 1.10, 0.340, 0.018),
    Band(-0.1, 0.15, 0.066, 0.028),
    Band(-0.1, 0.08, 0.108, 0.024),
)


def print_sky(block: Print) -> None:
    """Print ochre over the sky, dusk up from the horizon and night down from the top, then bands of mist."""
    y = block.stencil.y
    uneven = y + 0.03 * (block.stencil.noise(0.25, 0.12, block.rng) - 0.5)
    block.tint(0.9 * smoothstep(uneven, 0.02, 0.22), OCHRE)
    block.tint(0.95 * smoothstep(uneven, 0.18, 0.52), DUSK)
    block.tint(0.9 * bump(np.maximum(uneven, 0.0), 0.075), NIGHT)
    for band in BANDS:
        fade = 0.35 + 0.65 * smoothstep(y, band.y - band.height / 2, band.y + band.height / 2)
        block.color([_pill(band)], MIST, 0.8 * fade)


def print_fuji(block: Print) -> None:
    """Print the mountain: graded blue, snow with a ragged lower edge, key-line."""
    outline = spline(FUJI, 160)
    graded = 0.45 + 0.55 * smoothstep(block.stencil.y, 0.50, 0.42)
    block.stencil.fill(outline, MIST)
    block.color([outline], SLOPE, graded)
    inside = (outline[:, 0] > SNOW_LINE[0][0]) & (outline[:, 0] < SNOW_LINE[-1][0])
    block.stencil.fill(between(outline[inside], spline(SNOW_LINE, 120)), SNOW)
    for x, drop in ((0.650, 0.050), (0.664, 0.062), (0.676, 0.048)):
        fold = spline(
            ((x, 0.400), (x + 0.3 * (x - 0.664), 0.400 + drop / 2), (x + 1.1 * (x - 0.664), 0.400 + drop)), 30
        )
        block.key(fold, SLOPE, 0.0018)
    block.key(outline, KEY, 0.0024, 0.3, 0.3)


def print_boat(block: Print, boat: Boat) -> None:
    """Print a boat: rowers behind, then the hull with its planks."""
    t = np.linspace(-1.0, 1.0, 60)
    rise = boat.bend * np.abs(t) ** 2.2 * np.where(t > 0, 1.25, 0.8)
    keel = np.stack([boat.length / 2 * t, -rise], axis=1)
    turned = boat.middle + rotated(keel, boat.tilt)
    half = 0.052 * boat.length * swell(60, 0.15, 0.05, 0.45)
    for i in np.linspace(16, 46, boat.rowers).astype(int):
        _print_rower(block, moved(turned[i], 0.0, -float(half[i])), 0.075 * boat.length)
    block.stencil.fill(ribbon(turned, half + 0.0013), KEY)
    block.color([ribbon(turned, half)], HULL)
    block.color([ribbon(turned + (0.0, 0.5) * half[:, None], 0.42 * half)], HULL_SHADE)
    for place in (-0.35, 0.25):
        block.key(turned + (0.0, place) * half[:, None], KEY, 0.0014)


def _print_rower(block: Print, foot: Array, size: float) -> None:
    """A bent back in blue and a head."""
    back = spline(foot + size * np.array([(-0.35, 0.1), (-0.1, -0.5), (0.35, -0.55)]), 20)
    head = moved(back[-1], 0.12 * size, -0.05 * size)
    block.stencil.fill(ribbon(back, 0.24 * size + 0.001), KEY)
    block.color([ribbon(back, 0.24 * size)], ROBE)
    disc = size * ellipse((0.0, 0.0), (1.0, 1.0), count=16)
    block.stencil.fill(head + 0.21 * disc, KEY)
    block.color([head + 0.17 * disc], SKIN)


def _pill(band: Band) -> Array:
    """Outline of a band of mist: a rectangle with half circles for its ends."""
    turn = np.linspace(-np.pi / 2, np.pi / 2, 20)
    radius = band.height / 2
    cap = radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return np.concatenate([moved(cap, band.right - radius, band.y), moved(-cap, band.left + radius, band.y)])
