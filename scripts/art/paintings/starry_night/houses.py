"""Houses and a church seen slantwise from the front: hatched walls and roofs, dark outlines, lit windows."""

from dataclasses import dataclass

import numpy as np

from painter.brush import Brush
from painter.frame import Point
from painter.hand import Hand
from painter.palette import Ramp

WALL_BRUSH = Brush(width=0.0065, spacing=0.0042, contrast=0.12, two_tone=0.15)
ROOF_BRUSH = Brush(width=0.0065, spacing=0.0040, contrast=0.14, two_tone=0.20)
SPIRE_BRUSH = Brush(width=0.0065, spacing=0.0045, contrast=0.14, two_tone=0.20, taper=0.8)
LINE_BRUSH = Brush(width=0.0034)
FRAME_BRUSH = Brush(width=0.0105)
PANE_BRUSH = Brush(width=0.0072)

LINES = Ramp.of("#0b1026", "#1d2547")
LAMPLIGHT = Ramp.of("#e88f1c", "#f7c62f", "#ffe96a", "#fff6c0")

LIT, SHADED = 0.7, 0.25
"""Tones of surfaces turned to the light and away from it."""

RECESSION = 0.28
"""Rise of the receding edges for each unit of depth."""

FRAME_HEIGHT, PANE_HEIGHT = 0.015, 0.011
"""A window's dark frame, and the lit pane in it."""

WINDOW_LEVEL = 0.52
"""Height of the windows, as a share of the wall's."""

TOWER_WIDTH, TOWER_HEIGHT = 0.024, 0.075
SPIRE_OVERHANG = 0.002


@dataclass(frozen=True)
class House:
    """A gabled house; `foot` is the middle of its front's lower edge, lengths are fractions of the long side."""

    foot: Point
    width: float
    wall: Ramp
    roof: Ramp
    height: float = 0.023
    gable: float = 0.019
    """Height of the roof above the walls."""
    depth: float = 0.03
    """Length of the side wall on the picture; it recedes to the right, or to the left if negative."""
    windows: int = 1


def paint_house(hand: Hand, house: House) -> None:
    """Paint one house: side, front, roof, outlines, windows."""
    half = np.copysign(house.width / 2, house.depth)
    recede = house.depth, -RECESSION * abs(house.depth)
    outer, inner = _shift(house.foot, -half, 0), _shift(house.foot, half, 0)
    outer_eave, inner_eave = _shift(outer, 0, -house.height), _shift(inner, 0, -house.height)
    ridge = _shift(house.foot, 0, -house.height - house.gable)
    far_foot, far_eave, far_ridge = (_shift(point, *recede) for point in (inner, inner_eave, ridge))
    hand.facet((inner_eave, far_eave, far_foot, inner), house.wall, SHADED, WALL_BRUSH)
    hand.facet((outer_eave, ridge, house.foot, outer), house.wall, LIT, WALL_BRUSH)
    hand.facet((ridge, inner_eave, inner, house.foot), house.wall, LIT, WALL_BRUSH)
    hand.facet((ridge, far_ridge, far_eave, inner_eave), house.roof, LIT, ROOF_BRUSH)
    hand.outline((outer_eave, outer, inner, far_foot, far_eave), LINES, SHADED, LINE_BRUSH)
    hand.outline((inner_eave, inner), LINES, LIT, LINE_BRUSH)
    hand.outline((outer_eave, ridge, inner_eave, far_eave, far_ridge, ridge), LINES, SHADED, LINE_BRUSH)
    _paint_windows(hand, house, recede)


def paint_church(hand: Hand, foot: Point, wall: Ramp, roof: Ramp, spire: float) -> None:
    """A nave, and before it a tower on `foot`, the middle of its lower edge, with a thin spire of height `spire`."""
    nave = House(_shift(foot, 0.030, 0), 0.040, wall, roof, height=0.034, gable=0.034, depth=0.052, windows=2)
    paint_house(hand, nave)
    _paint_tower(hand, foot, wall)
    _paint_spire(hand, _shift(foot, 0, -TOWER_HEIGHT), roof, spire)


def _paint_tower(hand: Hand, foot: Point, wall: Ramp) -> None:
    left, right = _shift(foot, -TOWER_WIDTH / 2, 0), _shift(foot, TOWER_WIDTH / 2, 0)
    top_left, top_right = _shift(left, 0, -TOWER_HEIGHT), _shift(right, 0, -TOWER_HEIGHT)
    hand.facet((top_left, top_right, right, left), wall, LIT, WALL_BRUSH)
    hand.outline((top_left, left, right, top_right, top_left), LINES, SHADED, LINE_BRUSH)
    for level in (0.3, 0.75):
        _paint_window(hand, _shift(foot, 0, -level * TOWER_HEIGHT))


def _paint_spire(hand: Hand, foot: Point, roof: Ramp, height: float) -> None:
    half = TOWER_WIDTH / 2 + SPIRE_OVERHANG
    left, right, tip = _shift(foot, -half, 0), _shift(foot, half, 0), _shift(foot, 0, -height)
    hand.facet((left, right, tip, tip), roof, LIT, SPIRE_BRUSH)
    hand.outline((tip, left, right, tip), LINES, SHADED, LINE_BRUSH)


def _paint_windows(hand: Hand, house: House, recede: Point) -> None:
    """Lit windows side by side on the front and one in the side wall."""
    level = _shift(house.foot, 0, -WINDOW_LEVEL * house.height)
    for number in range(house.windows):
        _paint_window(hand, _shift(level, house.width * ((number + 0.5) / house.windows - 0.5), 0))
    corner = _shift(level, np.copysign(house.width / 2, house.depth), 0)
    _paint_window(hand, _shift(corner, recede[0] / 2, recede[1] / 2))


def _paint_window(hand: Hand, centre: Point) -> None:
    """A dab of yellow in a dark frame."""
    for height, ramp, brush in ((FRAME_HEIGHT, LINES, FRAME_BRUSH), (PANE_HEIGHT, LAMPLIGHT, PANE_BRUSH)):
        ends = _shift(centre, 0, -height / 2), _shift(centre, 0, height / 2)
        hand.outline(ends, ramp, LIT, brush)


def _shift(point: Point, right: float, down: float) -> Point:
    return point[0] + right, point[1] + down
