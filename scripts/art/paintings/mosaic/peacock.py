"""The peacock of the mosaic: head and crest, body, wing, legs, and the train with its eyes."""

import numpy as np

from painter.curve import ellipse, ribbon, smooth, spline
from painter.frame import Array, Point
from painter.inlay import banded, inlay, thread
from painter.outline_maps import depth
from painter.tesserae import Opus, Setting
from paintings.mosaic.colors import BEAK, EYE, FACE, LEG, PEACOCK, TRAIN, WING

FINE, STONE = 0.0068, 0.0092
"""Heights of the rows in the head and in the body."""

BODY: tuple[Point, ...] = (
    (0.296, 0.158), (0.330, 0.180), (0.344, 0.235), (0.372, 0.315), (0.450, 0.368), (0.545, 0.415), (0.590, 0.480),
    (0.530, 0.548), (0.435, 0.568), (0.345, 0.535), (0.285, 0.455), (0.264, 0.370), (0.270, 0.290), (0.264, 0.235),
    (0.254, 0.205), (0.262, 0.172),
)  # fmt: skip
WING_EDGE: tuple[Point, ...] = (
    (0.350, 0.405), (0.420, 0.385), (0.515, 0.425), (0.600, 0.470), (0.655, 0.520), (0.560, 0.520), (0.460, 0.510),
    (0.380, 0.470),
)  # fmt: skip
TRAIN_SPINE: tuple[Point, ...] = ((0.520, 0.465), (0.640, 0.500), (0.760, 0.555), (0.880, 0.625))
TRAIN_WIDTHS = (0.050, 0.078, 0.092, 0.090, 0.030)
EYE_PLACE: Point = (0.286, 0.186)
CHEEK: tuple[Point, ...] = ((0.270, 0.210), (0.290, 0.206), (0.313, 0.198), (0.310, 0.218), (0.284, 0.230))
BILL: tuple[Point, ...] = (
    (0.262, 0.172),
    (0.240, 0.180),
    (0.220, 0.202),
    (0.214, 0.224),
    (0.238, 0.214),
    (0.262, 0.212),
)
CREST: tuple[Point, ...] = ((0.252, 0.126), (0.280, 0.113), (0.310, 0.112), (0.338, 0.126))


def set_peacock(setting: Setting) -> list[Array]:
    """Set the peacock from front to back; return the outlines of its parts, which the ground follows."""
    return [*_set_head(setting), *_set_body(setting), *_set_legs(setting), *_set_train(setting)]


def _set_head(setting: Setting) -> list[Array]:
    """Eye, cheek, beak and crest."""
    eye = np.array(EYE_PLACE)
    thread(setting, eye + np.array([(-0.0035, 0.0), (0.0035, 0.0)]), FACE, (0.0,), FINE)
    inlay(setting, ellipse(EYE_PLACE, (0.0125, 0.0115)), FACE, (0.9,), FINE)
    inlay(setting, smooth(CHEEK, closed=True), FACE, (0.8,), FINE)
    parts = [inlay(setting, smooth(BILL, closed=True), BEAK, (0.15, 0.9), FINE)]
    for x, y in CREST:
        parts.append(inlay(setting, ellipse((x, y), (0.0115, 0.0115)), PEACOCK, (0.72, 0.30), FINE))
        parts.append(thread(setting, spline([(0.297, 0.165), (x, y + 0.012)], 12), PEACOCK, (0.2,), FINE))
    return parts


def _set_body(setting: Setting) -> list[Array]:
    """The wing with its bars upon the body, which turns from lapis to turquoise down the breast."""
    wing = smooth(WING_EDGE, closed=True)
    inlay(setting, wing, WING, (0.0, 0.62, 0.95, 0.30, 0.72, 0.30), STONE)
    body = smooth(BODY, closed=True)
    inner = depth(setting.frame, body)
    ripples = 0.20 * np.sin(2.0 * np.pi * (setting.frame.y + 0.35 * setting.frame.x) / 0.034)
    tone = np.where(inner < STONE, 0.0, 0.22 + 7.0 * np.minimum(inner, 0.07) + ripples)
    setting.lay(Opus(inner > 0.0, inner, PEACOCK, tone, STONE))
    return [wing, body]


def _set_legs(setting: Setting) -> list[Array]:
    legs = []
    for hip, foot in (((0.415, 0.550), (0.398, 0.652)), ((0.480, 0.550), (0.486, 0.652))):
        toes = [(foot[0] - 0.042, foot[1] + 0.012), foot, (foot[0] + 0.024, foot[1] + 0.012)]
        for line in ([hip, foot], toes):
            legs.append(thread(setting, spline(line, 16), LEG, (0.1, 0.8), 0.8 * STONE))
    return legs


def _set_train(setting: Setting) -> list[Array]:
    """Eyes in three ranks, and the barbs between them in rows along the train."""
    spine = spline(TRAIN_SPINE, 60)
    widths = np.interp(np.linspace(0.0, 1.0, 60), np.linspace(0.0, 1.0, len(TRAIN_WIDTHS)), TRAIN_WIDTHS)
    train = smooth(ribbon(spine, widths)[::5], closed=True)
    for place, side in (
        (0.30, -0.55),
        (0.30, 0.55),
        (0.42, 0.0),
        (0.53, -0.60),
        (0.53, 0.60),
        (0.66, 0.0),
        (0.77, -0.62),
        (0.77, 0.62),
        (0.90, 0.0),
    ):
        _set_eye(setting, spine, widths, place, side)
    inner = depth(setting.frame, train)
    tone = banded(inner, (0.0, 0.95, 0.2, 0.65, 0.15, 0.9, 0.3), STONE)
    setting.lay(Opus(inner > 0.0, inner, TRAIN, tone, STONE))
    return [train]


def _set_eye(setting: Setting, spine: Array, widths: Array, place: float, side: float) -> None:
    """One eye of the train, at a share of the way along the spine and of the width to its side."""
    i = int(place * (len(spine) - 1))
    step = spine[min(i + 1, len(spine) - 1)] - spine[i - 1]
    turn = float(np.arctan2(step[1], step[0]))
    x, y = spine[i] + side * widths[i] * np.array([-np.sin(turn), np.cos(turn)])
    radius = 0.020 + 0.012 * place
    inlay(
        setting,
        ellipse((x, y), (1.15 * radius, 0.9 * radius), turn),
        EYE,
        (0.0, 0.5, 0.75, 1.0),
        0.9 * STONE,
        glints=0.05,
    )
