"""The border of the mosaic: fillets, a braid of two strands around beads, and rosettes in the corners."""

import numpy as np

from painter.curve import ellipse
from painter.frame import Array, Frame, Point
from painter.inlay import banded, inlay
from painter.palette import Ramp
from painter.tesserae import Mask, Opus, Setting
from paintings.mosaic.colors import GOLD, LAPIS_STRAND, NIGHT, RED, RED_STRAND, ROSETTE, WHITE

STONE = 0.0072
"""Height of the border's rows."""

FILLETS: tuple[tuple[float, float, Ramp], ...] = (
    (0.0, 0.0072, RED),
    (0.0072, 0.0144, WHITE),
    (0.0720, 0.0792, WHITE),
    (0.0792, 0.0936, RED),
)
"""Plain bands: distance of their sides from the edge of the sheet, and color."""

INNER = 0.0936
"""Distance of the border's inner side from the edge of the sheet."""

AXIS = 0.0432
"""Distance of the braid's middle from the edge of the sheet."""

SWING, STRAND = 0.0145, 0.0108
"""Swing of a strand to either side of the middle, and half its width."""

TURNS_ACROSS, TURNS_DOWN = 13, 10
"""Turns of the braid along the long and the short sides."""


def set_border(setting: Setting) -> None:
    """Set the border from the corners to the plain bands."""
    frame = setting.frame
    edge = np.minimum(np.minimum(frame.x, 1.0 - frame.x), np.minimum(frame.y, frame.aspect - frame.y))
    for x in (AXIS, 1.0 - AXIS):
        for y in (AXIS, frame.aspect - AXIS):
            _set_rosette(setting, (x, y))
    for inner, outer, ramp in FILLETS:
        band = (edge >= inner) & (edge < outer)
        setting.lay(Opus(band, edge, ramp, 0.5, STONE, contrast=0.16))
    for along, across, turns, mask in _sides(frame, edge):
        _set_braid(setting, along * turns, across, turns / (1.0 if turns == TURNS_ACROSS else frame.aspect), mask)
    ground = edge < INNER
    setting.lay(Opus(ground, edge, NIGHT, 0.4, STONE, contrast=0.2))


def _set_rosette(setting: Setting, centre: Point) -> None:
    """A gem of rings in a corner."""
    inlay(setting, ellipse(centre, (0.0288, 0.0288)), ROSETTE, (0.0, 0.35, 0.65, 1.0), STONE, glints=0.1)


def _sides(frame: Frame, edge: Array) -> list[tuple[Array, Array, int, Mask]]:
    """For each side of the border: position along it, 0..1, distance from the axis, turns, and mask."""
    x = (frame.x - AXIS) / (1.0 - 2.0 * AXIS)
    y = (frame.y - AXIS) / (frame.aspect - 2.0 * AXIS)
    border = edge < INNER
    across, down = np.minimum(frame.y, frame.aspect - frame.y), np.minimum(frame.x, 1.0 - frame.x)
    flat, upright = border & (across <= down), border & (across > down)
    top, left = frame.y < frame.aspect / 2, frame.x < 0.5
    return [
        (x, frame.y - AXIS, TURNS_ACROSS, flat & top),
        (x, frame.aspect - AXIS - frame.y, TURNS_ACROSS, flat & ~top),
        (y, frame.x - AXIS, TURNS_DOWN, upright & left),
        (y, 1.0 - AXIS - frame.x, TURNS_DOWN, upright & ~left),
    ]


def _set_braid(setting: Setting, turn: Array, across: Array, rate: float, mask: Mask) -> None:
    """Two strands that swing in opposite directions and alternate on top, with a bead in every eye.

    `turn` counts the turns along the side, `rate` is their number per unit of length.
    """
    phase = 2.0 * np.pi * turn
    slope = np.hypot(1.0, SWING * 2.0 * np.pi * rate * np.cos(phase))
    first, second = ((across - sign * SWING * np.sin(phase)) / slope for sign in (1.0, -1.0))
    bead = np.abs((turn % 0.5) - 0.25) / rate < STONE / 2
    setting.lay(Opus(mask & bead & (np.abs(across) < STONE / 2), across + STONE / 2, GOLD, 0.7, STONE, glints=0.3))
    over, width = np.cos(phase) > 0.0, STRAND
    in_first, in_second = np.abs(first) < width, np.abs(second) < width
    for own, other, line, top, ramp in (
        (in_first, in_second, first, over, RED_STRAND),
        (in_second, in_first, second, ~over, LAPIS_STRAND),
    ):
        tone = banded(line + width, (0.0, 0.5, 1.0), STONE)
        setting.lay(Opus(mask & own & (top | ~other), line + width, ramp, tone, STONE, contrast=0.07))
