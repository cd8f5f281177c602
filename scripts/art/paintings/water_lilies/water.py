"""The water of the pond: sky and willows mirrored in upright strokes, broken by level dabs that grow to the front."""

from dataclasses import replace

import numpy as np

from painter.brush import Brush
from painter.curve import curl
from painter.flow import streaks
from painter.frame import Array, Frame, bump, smoothstep
from painter.hand import Hand, Passage
from painter.palette import Ramp

SKY = Ramp.of("#6f86bd", "#8ea4d0", "#aab4dc", "#c4bfe0", "#dccbe0", "#eed6d8", "#f6e4d2", "#faf0dc")
TREES = Ramp.of("#16302f", "#20483c", "#2f6448", "#4a7f58", "#6f9c68", "#9cb87c", "#c2cd92")
DEEP = Ramp.of("#1f2b58", "#2c4380", "#3b63a0", "#5584b4", "#74a2bf", "#92bcbc")
VIOLETS = Ramp.of("#4a4688", "#6a64a8", "#8e86c4", "#b3a6d6", "#d3c0e0")
AQUAS = Ramp.of("#2a6c78", "#3f8f92", "#66b0a8", "#96cbbb", "#c4e0cc")
ROSES = Ramp.of("#b888b0", "#d4a2bc", "#e8bcc4", "#f4d4cc", "#fae6d8")
STRANDS = Ramp.of("#1c3f34", "#3c6d46", "#6d9a56", "#a2bf6c", "#cfd890")

UPRIGHT = np.pi / 2
MIRROR_BRUSHES = (
    Brush(width=0.022, length=0.090, spacing=0.0125, contrast=0.10, two_tone=0.16),
    Brush(width=0.013, length=0.060, spacing=0.0125, contrast=0.13, two_tone=0.20),
)
DAB = Brush(width=0.0155, length=0.046, spacing=0.0112, contrast=0.13, two_tone=0.20)
VEIL = Brush(width=0.014, length=0.075, spacing=0.0130, contrast=0.14, two_tone=0.20, opacity=0.5)
ACCENT = Brush(width=0.0120, length=0.034, spacing=0.0120, contrast=0.16, two_tone=0.20)
GLINT = Brush(width=0.0070, length=0.034, spacing=0.0130, contrast=0.12, two_tone=0.12)
STRAND = Brush(width=0.0110, contrast=0.12, two_tone=0.25, taper=0.5, opacity=0.85)

DEPTHS = ((0.02, 0.50), (0.16, 0.68), (0.34, 0.90), (0.56, 1.15), (0.78, 1.40))
"""Heights on the sheet, and sizes of dabs there, from the far to the near end of the pond."""

STRAND_ROOTS = (0.02, 0.05, 0.10, 0.14, 0.19, 0.24, 0.29, 0.71, 0.76, 0.82, 0.87, 0.91, 0.96)
STRANDS_EACH = 20


def mirrored_light(hand: Hand, frame: Frame) -> Array:
    """Lightness of the mirrored scene, 0..1: a path of sky that winds down between the trees, torn by ripples."""
    middle = 0.53 + 0.07 * np.sin(6.0 * frame.y + 0.5)
    width = 0.17 + 0.16 * frame.y
    path = bump((frame.x - middle) / width, 1.0)
    ripples = streaks(np.zeros_like(frame.x), frame.noise(0.022, hand.rng), 0.14)
    clouds = 0.5 * frame.noise(0.16, hand.rng) + 0.5 * frame.noise(0.08, hand.rng)
    near = 0.10 * smoothstep(frame.y, 0.45, 0.80)
    return np.clip(0.17 + 0.57 * path + 0.26 * (ripples - 0.5) + 0.50 * (clouds - 0.5) + near, 0.0, 1.0)


def paint_reflections(hand: Hand, frame: Frame, light: Array) -> None:
    """Mirrored sky and trees in upright strokes, and willow branches that hang down both sides."""
    upright = UPRIGHT + 0.5 * (frame.noise(0.10, hand.rng) - 0.5)
    for brush in MIRROR_BRUSHES:
        _paint_mirror(hand, light, upright, brush)
    _paint_willows(hand, STRAND)


def paint_surface(hand: Hand, frame: Frame, light: Array) -> None:
    """Level dabs that break the reflections, a veil of them renewed, and accents of other colors."""
    level = 0.60 * (frame.noise(0.06, hand.rng) - 0.5)
    for number, (_, size) in enumerate(DEPTHS):
        _paint_mirror(hand, light, level, _scaled(DAB, size), 0.62 * _depth_share(frame, number))
    _paint_mirror(hand, light, UPRIGHT + 0.2 * (frame.noise(0.08, hand.rng) - 0.5), VEIL, 0.4)
    _paint_willows(hand, replace(STRAND, opacity=0.45))
    for ramp, shift in ((VIOLETS, 0.10), (AQUAS, 0.0), (ROSES, 0.05), (DEEP, 0.0)):
        patches = smoothstep(frame.noise(0.09, hand.rng) + 0.6 * (light - 0.5), 0.40, 0.85)
        for number, (_, size) in enumerate(DEPTHS):
            coverage = 0.42 * patches * _depth_share(frame, number)
            hand.cover(Passage(coverage, level, 0.15 + 0.7 * light + shift, ramp), _scaled(ACCENT, size))


def paint_glitter(hand: Hand, frame: Frame, light: Array) -> None:
    """Thin pale dabs where the sky catches ripples."""
    ripples = streaks(np.zeros_like(frame.x), frame.noise(0.016, hand.rng), 0.12)
    for number, (_, size) in enumerate(DEPTHS):
        coverage = 0.34 * smoothstep(ripples, 0.55, 0.9) * _depth_share(frame, number)
        level = 0.10 * (frame.noise(0.10, hand.rng) - 0.5)
        hand.cover(Passage(coverage, level, 0.1 + 0.35 * ripples + 0.7 * light, SKY), _scaled(GLINT, size))


def _paint_willows(hand: Hand, brush: Brush) -> None:
    """Willow branches mirrored from above the sheet, in strands that grow wider towards the viewer."""
    for root in hand.rng.permutation(np.repeat(STRAND_ROOTS, STRANDS_EACH)):
        side = abs(root - 0.5) * 2.0
        x, y = root + 0.016 * hand.rng.normal(), hand.rng.uniform(-0.05, 0.50 * side)
        length = hand.rng.uniform(0.05, 0.13)
        turn = 0.35 * hand.rng.normal()
        path = curl((x, y), UPRIGHT - turn / 2, length, turn, 12)
        wide = replace(brush, width=brush.width * (0.6 + 1.1 * max(y, 0.0)))
        hand.strokes(path[None], STRANDS, hand.rng.uniform(0.05, 0.85), wide)


def _paint_mirror(hand: Hand, light: Array, flow: Array, brush: Brush, share: Array | float = 1.0) -> None:
    """The mirror image: trees in the dark, sky in the light, deep water between them."""
    trees, sky = smoothstep(light, 0.46, 0.30), smoothstep(light, 0.48, 0.64)
    deep = 1.0 - trees - sky
    for coverage, tone, ramp in (
        (deep, 0.25 + 0.9 * light, DEEP),
        (trees, 0.1 + 1.6 * light, TREES),
        (sky, 1.9 * light - 0.75, SKY),
    ):
        hand.cover(Passage(coverage * share, flow, tone, ramp), brush)


def _depth_share(frame: Frame, number: int) -> Array:
    """1 at the height of a depth, 0 at those of its neighbors."""
    heights = [height for height, _ in DEPTHS]
    return np.interp(frame.y, heights, np.eye(len(DEPTHS))[number])


def _scaled(brush: Brush, size: float) -> Brush:
    return replace(brush, width=brush.width * size, length=brush.length * size, spacing=brush.spacing * size)
