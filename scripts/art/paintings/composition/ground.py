"""The ground of the Composition: cream in broad strokes, and soft clouds of color that dissolve in it."""

import numpy as np

from painter.brush import Brush
from painter.flow import level_lines
from painter.frame import Frame, Point, bump
from painter.hand import Hand, Passage
from painter.palette import Ramp
from paintings.composition.colors import CREAM

GROUND_BRUSHES = (
    Brush(width=0.030, length=0.100, spacing=0.0170, contrast=0.16, two_tone=0.16),
    Brush(width=0.015, length=0.060, spacing=0.0150, contrast=0.18, two_tone=0.18),
)
CLOUD_BRUSHES = (
    Brush(width=0.026, length=0.070, spacing=0.0110, contrast=0.07, two_tone=0.10, opacity=0.70),
    Brush(width=0.013, length=0.050, spacing=0.0120, contrast=0.10, two_tone=0.12, opacity=0.75),
)

CLOUDS: tuple[tuple[Point, float, str], ...] = (
    ((0.13, 0.14), 0.15, "#e2a0b4"),
    ((0.36, 0.09), 0.10, "#a8c8e4"),
    ((0.60, 0.10), 0.12, "#f4d06a"),
    ((0.92, 0.12), 0.13, "#a9b2e0"),
    ((0.08, 0.45), 0.12, "#a4d0c4"),
    ((0.36, 0.38), 0.12, "#c3b2de"),
    ((0.66, 0.38), 0.13, "#f0b49a"),
    ((0.93, 0.42), 0.11, "#f3d884"),
    ((0.20, 0.67), 0.12, "#f0c48a"),
    ((0.50, 0.66), 0.13, "#9fcbe0"),
    ((0.80, 0.64), 0.14, "#dba6c8"),
)


def paint_ground(hand: Hand, frame: Frame) -> None:
    """Cream in broad slanting strokes, and soft clouds of color that dissolve in it."""
    flow = level_lines(frame.y + 0.5 * frame.x + 0.16 * frame.noise(0.14, hand.rng))
    everywhere = np.ones_like(frame.x)
    for brush in GROUND_BRUSHES:
        hand.cover(Passage(everywhere, flow, 0.25 + 0.5 * frame.noise(0.10, hand.rng), CREAM), brush)
    for centre, radius, color in CLOUDS:
        ragged = frame.distance(centre) * (0.7 + 0.6 * frame.noise(0.07, hand.rng))
        density = bump(ragged, radius)
        cloud = Passage(np.clip(1.1 * density - 0.1, 0.0, 1.0), flow, density, Ramp.of("#f3e9cf", "#efe0c8", color))
        for brush in CLOUD_BRUSHES:
            hand.cover(cloud, brush)
