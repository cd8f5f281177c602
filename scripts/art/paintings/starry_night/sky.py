"""The sky of the Starry Night: whirls, the band of light along the horizon, haloed stars and the crescent moon."""

from dataclasses import dataclass

import numpy as np

from painter.brush import Brush
from painter.curve import arc, rotated
from painter.flow import blend, circling, level_lines, streaks
from painter.frame import Array, Frame, Point, bump, smoothstep
from painter.hand import Hand, Passage
from painter.palette import Ramp

SKY = Ramp.of("#0a0f33", "#151f66", "#1d3c98", "#2a63b8", "#4f98cb", "#9bcbd2", "#dfe8c4", "#f6ecae")
HORIZON_LIGHT = Ramp.of("#3f7fbe", "#7fb8d2", "#b9d8cb", "#eae8bd", "#fdf9df")
WARM_HALO = Ramp.of("#fff3ac", "#fbe47c", "#f3ecb8", "#b9d9bd", "#77b4cf", "#3a7cc4", "#1f4aa2")
COOL_HALO = Ramp.of("#fffdf0", "#fbf6cf", "#dcebd0", "#a6d2d6", "#6aaed4", "#3577c2", "#1f4aa2")
MOON_HALO = Ramp.of("#f2d75a", "#f8e373", "#f4e796", "#cfdfb0", "#98cac6", "#5aa0cf", "#2658ae")
MOON_DISC = Ramp.of("#a9cdb8", "#c3d8b2", "#dde0a6", "#f0dd78")
FLAME = Ramp.of("#d9700f", "#f19d1b", "#fdc62a", "#ffe560", "#fff6b8")

SKY_BRUSHES = (
    Brush(width=0.0140, length=0.080, spacing=0.0100, contrast=0.07, two_tone=0.10),
    Brush(width=0.0105, length=0.060, spacing=0.0092, contrast=0.11, two_tone=0.13),
    Brush(width=0.0070, length=0.045, spacing=0.0110, contrast=0.17, two_tone=0.14),
)
HALO_BRUSHES = (
    Brush(width=0.0095, length=0.036, spacing=0.0070, contrast=0.08, two_tone=0.10),
    Brush(width=0.0070, length=0.030, spacing=0.0085, contrast=0.14, two_tone=0.12),
)
CORE_BRUSH = Brush(width=0.0070, length=0.018, spacing=0.0035, contrast=0.14, two_tone=0.15)
CRESCENT_BRUSH = Brush(width=0.0070, contrast=0.05, two_tone=0.12)

WHIRL_PULL, LIGHT_PULL = 6.0, 8.0
"""Weights of whirls and lights at their centers, relative to 1 for the plain currents."""

HALO_REACH = 3.0
"""Radius of a halo, in radii of its star."""

RING_WIDTH = 0.75
"""Distance between the rings of a halo, in radii of its star."""

CRESCENT_HORN = 2.2
"""Angle between the crescent's middle and its horns, radians."""

CRESCENT_TILT = 0.4
"""Turn of the crescent's middle below the horizontal, radians."""

CRESCENT_STROKES = ((0.54, 0.05), (1.02, 0.05), (0.62, 0.40), (0.95, 0.40), (0.70, 0.75), (0.88, 0.75), (0.79, 0.82))
"""Squeeze and tone of the strokes from horn to horn: orange edges first, then towards the bright middle."""


@dataclass(frozen=True)
class Whirl:
    """A spiral in the sky; `pitch`, in radians, is the slope of its arms, and its sign their direction."""

    centre: Point
    radius: float
    pitch: float


@dataclass(frozen=True)
class Light:
    """A star or the moon: center, radius of its bright disc, and the colors of its halo from within."""

    centre: Point
    radius: float
    halo: Ramp = WARM_HALO


WHIRLS = (
    Whirl((0.455, 0.270), 0.125, 0.17),
    Whirl((0.622, 0.372), 0.085, -0.17),
    Whirl((0.235, 0.250), 0.060, 0.17),
)
STARS = (
    Light((0.042, 0.070), 0.021),
    Light((0.112, 0.180), 0.016, COOL_HALO),
    Light((0.300, 0.058), 0.022),
    Light((0.340, 0.150), 0.014, COOL_HALO),
    Light((0.505, 0.062), 0.019),
    Light((0.640, 0.130), 0.017, COOL_HALO),
    Light((0.735, 0.055), 0.017),
    Light((0.765, 0.235), 0.020),
    Light((0.068, 0.335), 0.019),
    Light((0.345, 0.430), 0.029, COOL_HALO),
    Light((0.905, 0.325), 0.016),
)
MOON = Light((0.893, 0.132), 0.048, MOON_HALO)


def paint_sky(hand: Hand, frame: Frame) -> None:
    """Cover the sky, and a strip below the horizon that the hills hide."""
    flow = _sky_flow(hand, frame)
    sky = Passage(smoothstep(frame.y, 0.70, 0.68), flow, _sky_tone(hand, frame, flow), SKY)
    for brush in SKY_BRUSHES:
        hand.cover(sky, brush)
    band = _horizon_band(frame)
    ribbons = streaks(flow, frame.noise(0.014, hand.rng), 0.15)
    light = Passage(0.7 * band, flow, 0.8 * ribbons + 0.2 * band, HORIZON_LIGHT)
    for brush in SKY_BRUSHES[1:]:
        hand.cover(light, brush)


def paint_stars(hand: Hand, frame: Frame) -> None:
    """Rings of dashes around every star, and its yellow core."""
    for star in STARS:
        _paint_halo(hand, frame, star)
        _paint_core(hand, frame, star, FLAME)


def paint_moon(hand: Hand, frame: Frame) -> None:
    """The moon's halo, and the crescent in strokes from horn to horn."""
    _paint_halo(hand, frame, MOON)
    _paint_core(hand, frame, MOON, MOON_DISC)
    rim = arc((0.0, 0.0), 1.0, -CRESCENT_HORN, CRESCENT_HORN, 24)
    horns = np.array([np.cos(CRESCENT_HORN), 0.0])
    # Squeezed towards the line between the horns the rim becomes half an ellipse, the terminator of a real moon.
    squeezes, tones = np.array(CRESCENT_STROKES).T
    squeezed = horns + (rim - horns) * np.stack([squeezes, np.ones_like(squeezes)], axis=1)[:, None, :]
    crescent = rotated(0.85 * MOON.radius * squeezed, CRESCENT_TILT)
    hand.strokes(MOON.centre + crescent, FLAME, tones, CRESCENT_BRUSH)


def _paint_halo(hand: Hand, frame: Frame, light: Light) -> None:
    """Rings of dashes, thinning out into the sky."""
    distance = frame.distance(light.centre) / light.radius
    rings = 0.11 * np.cos(2.0 * np.pi * distance / RING_WIDTH)
    coverage = smoothstep(distance, HALO_REACH, 1.0)
    halo = Passage(coverage, circling(frame, light.centre), distance / HALO_REACH + rings, light.halo)
    for brush in HALO_BRUSHES:
        hand.cover(halo, brush)


def _paint_core(hand: Hand, frame: Frame, light: Light, ramp: Ramp) -> None:
    """The disc, in short strokes that spiral to its center."""
    distance = frame.distance(light.centre) / light.radius
    disc = Passage(smoothstep(distance, 0.75, 0.45), circling(frame, light.centre, 0.2), 0.9 * distance, ramp)
    hand.cover(disc, CORE_BRUSH)


def _sky_flow(hand: Hand, frame: Frame) -> Array:
    """Rolling currents from left to right, bent into the whirls and around the lights."""
    swell = 0.030 * np.sin(9.0 * frame.x + 5.0 * frame.y) + 0.05 * frame.noise(0.16, hand.rng)
    parts: list[tuple[Array, Array | float]] = [(level_lines(frame.y + swell), 1.0)]
    for whirl in WHIRLS:
        pull = WHIRL_PULL * bump(frame.distance(whirl.centre), 1.15 * whirl.radius)
        parts.append((circling(frame, whirl.centre, whirl.pitch), pull))
    for light in (*STARS, MOON):
        pull = LIGHT_PULL * bump(frame.distance(light.centre), 2.4 * light.radius)
        parts.append((circling(frame, light.centre), pull))
    return blend(parts)


def _sky_tone(hand: Hand, frame: Frame, flow: Array) -> Array:
    """Broad and narrow ribbons along the flow, darker at the top, with light arms in the whirls."""
    broad = streaks(flow, frame.noise(0.035, hand.rng), 0.30)
    narrow = streaks(flow, frame.noise(0.012, hand.rng), 0.14)
    tone = -0.05 + 0.44 * broad + 0.32 * narrow + 0.14 * frame.y
    for whirl in WHIRLS:
        tone = _with_arms(frame, tone, whirl)
    return tone


def _with_arms(frame: Frame, tone: Array, whirl: Whirl) -> Array:
    """`tone` with the light arms of a logarithmic spiral, which run along the whirl's flow."""
    distance = frame.distance(whirl.centre) / whirl.radius
    turns = frame.bearing(whirl.centre) + np.log(distance + 0.02) / np.tan(whirl.pitch)
    arms = 0.16 + 0.62 * (0.5 + 0.5 * np.cos(turns))
    weight = bump(distance, 1.25)
    return (1.0 - weight) * tone + weight * (0.25 * tone + arms)


def _horizon_band(frame: Frame) -> Array:
    """The pale wave of light above the hills, 0..1, outside the whirls."""
    crest = 0.475 + 0.028 * np.sin(7.0 * frame.x + 0.6) - 0.05 * frame.x
    clear = np.prod([1.0 - bump(frame.distance(whirl.centre), whirl.radius) for whirl in WHIRLS], axis=0)
    return bump(frame.y - crest, 0.042) * clear
