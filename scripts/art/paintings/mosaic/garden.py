"""The garden of the mosaic: bough, lilies and meadow, and the gold ground whose rows ripple around the figures."""

import numpy as np

from painter.curve import ellipse, smooth, spline
from painter.frame import Array, Point
from painter.inlay import inlay, thread
from painter.outline_maps import gap
from painter.palette import Ramp
from painter.tesserae import Opus, Setting
from paintings.mosaic.colors import FRUIT, GOLD, LEAF, LILY, MEADOW, PETAL, RED, STEM

STONE, GROUND_STONE = 0.0090, 0.0112
"""Heights of the rows in the plants, and in ground and meadow."""

MEADOW_TOP = 0.645

BOUGH: tuple[Point, ...] = (
    (0.915, 0.420),
    (0.850, 0.375),
    (0.760, 0.340),
    (0.660, 0.310),
    (0.560, 0.250),
    (0.470, 0.185),
    (0.410, 0.150),
)
TWIGS: tuple[tuple[Point, ...], ...] = (
    ((0.790, 0.350), (0.800, 0.280), (0.850, 0.230)),
    ((0.650, 0.305), (0.660, 0.230), (0.710, 0.180)),
)
STALKS: tuple[tuple[Point, ...], ...] = (
    ((0.165, 0.660), (0.150, 0.520), (0.178, 0.380), (0.165, 0.220)),
    ((0.215, 0.660), (0.225, 0.590), (0.215, 0.520)),
)
FRUITS: tuple[tuple[Point, float], ...] = (
    ((0.860, 0.200), 0.034),
    ((0.725, 0.155), 0.034),
    ((0.575, 0.300), 0.028),
    ((0.700, 0.380), 0.030),
    ((0.835, 0.440), 0.028),
)
LEAVES: tuple[tuple[Point, float, float], ...] = (
    ((0.880, 0.385), -1.1, 0.090),
    ((0.845, 0.290), -0.2, 0.060),
    ((0.800, 0.285), -2.2, 0.085),
    ((0.745, 0.335), -1.6, 0.080),
    ((0.770, 0.345), 1.2, 0.070),
    ((0.665, 0.225), -2.3, 0.085),
    ((0.690, 0.205), 0.1, 0.085),
    ((0.640, 0.300), 2.4, 0.075),
    ((0.600, 0.275), -1.5, 0.080),
    ((0.530, 0.225), 1.9, 0.080),
    ((0.510, 0.210), -1.3, 0.075),
    ((0.455, 0.175), 2.0, 0.075),
    ((0.450, 0.172), -1.0, 0.060),
    ((0.412, 0.150), -2.7, 0.060),
    ((0.155, 0.545), -2.3, 0.055),
    ((0.160, 0.500), -0.6, 0.070),
    ((0.172, 0.430), -2.3, 0.060),
    ((0.172, 0.380), -0.5, 0.070),
    ((0.160, 0.620), -2.7, 0.055),
    ((0.222, 0.600), -0.5, 0.060),
)
FLOWERS: tuple[tuple[Point, float, Ramp], ...] = (
    ((0.160, 0.170), 0.056, PETAL),
    ((0.214, 0.490), 0.042, LILY),
    ((0.128, 0.370), 0.036, RED),
)
"""Center, radius and colors of the flowers."""


def set_garden(setting: Setting) -> list[Array]:
    """Set plants and meadow; return their outlines, which the ground follows."""
    parts = [part for flower in FLOWERS for part in _set_flower(setting, *flower)]
    parts += [part for fruit in FRUITS for part in _set_fruit(setting, *fruit)]
    parts += [_set_leaf(setting, *leaf) for leaf in LEAVES]
    for line in (BOUGH, *TWIGS):
        parts.append(thread(setting, spline(line), STEM, (0.1, 0.9), 0.8 * STONE))
    for line in STALKS:
        parts.append(thread(setting, spline(line), LEAF, (0.3,), STONE))
    meadow = setting.frame.y - MEADOW_TOP
    tone = 0.46 + 0.32 * np.sin(40.0 * setting.frame.x + 90.0 * meadow)
    setting.lay(Opus(meadow > 0.0, meadow, MEADOW, tone, GROUND_STONE, contrast=0.14))
    return parts


def set_gold(setting: Setting, figures: list[Array]) -> None:
    """Fill the remaining area with gold in rows around the figures."""
    rows = gap(setting.frame, figures)
    tone = 0.46 + 0.12 * np.sin(12.0 * setting.frame.x + 7.0 * setting.frame.y)
    everywhere = np.ones(rows.shape, dtype=bool)
    setting.lay(Opus(everywhere, rows, GOLD, tone, GROUND_STONE, contrast=0.15, glints=0.06))


def _set_leaf(setting: Setting, base: Point, heading: float, length: float) -> Array:
    """An almond-shaped leaf, dark at its edge and light along its rib."""
    ahead = np.array([np.cos(heading), np.sin(heading)])
    side = 0.21 * length * np.array([-ahead[1], ahead[0]])
    corners = [base + share * length * ahead + swell * side for share, swell in _ALMOND]
    return inlay(setting, smooth(np.array(corners), closed=True), LEAF, (0.25, 0.70, 1.0), STONE)


def _set_fruit(setting: Setting, centre: Point, radius: float) -> list[Array]:
    """A pomegranate with its crown below."""
    x, y = centre
    crown = np.array(
        [
            (x - 0.011, y + radius + 0.016),
            (x - 0.006, y + 0.8 * radius),
            (x + 0.006, y + 0.8 * radius),
            (x + 0.011, y + radius + 0.016),
        ]
    )
    inlay(setting, ellipse((x - 0.3 * radius, y - 0.3 * radius), (0.3 * radius, 0.3 * radius)), FRUIT, (0.95,), STONE)
    return [
        inlay(setting, ellipse(centre, (radius, radius)), FRUIT, (0.0, 0.35, 0.5, 0.7), STONE),
        inlay(setting, crown, FRUIT, (0.3,), STONE),
    ]


def _set_flower(setting: Setting, centre: Point, radius: float, ramp: Ramp) -> list[Array]:
    """A heart of gold in a ring of petals."""
    heart = inlay(setting, ellipse(centre, (0.32 * radius, 0.32 * radius)), GOLD, (0.5, 0.9), STONE, glints=0.3)
    petals = []
    for angle in np.linspace(0.0, 2.0 * np.pi, 7)[:-1] + 0.3:
        middle = centre[0] + 0.66 * radius * np.cos(angle), centre[1] + 0.66 * radius * np.sin(angle)
        petals.append(
            inlay(setting, ellipse(middle, (0.46 * radius, 0.32 * radius), angle), ramp, (0.42, 0.80, 1.0), STONE)
        )
    return [heart, *petals]


_ALMOND = ((0.0, 0.0), (0.2, 0.75), (0.5, 1.0), (0.8, 0.6), (1.0, 0.0), (0.8, -0.6), (0.5, -1.0), (0.2, -0.75))
"""Outline of a leaf, in shares of its length and of its half width."""
