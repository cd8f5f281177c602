"""Houses and a church seen slantwise from the front: hatched walls and roofs, dark outlines, lit windows."""

from dataclasses import dataclass

import numpy as np

from painter.brush import Brush
from painter.hand import Hand, Point
from painter.palette import Ramp

WALL_BRUSH = Brush(width=0.0065, length=0.02, spacing=0.0042, contrast=0.12, two_tone=0.15)
ROOF_BRUSH = Brush(width=0.0065, length=0.02, spacing=0.0040, contrast=0.14, two_tone=0.2)
SPIRE_BRUSH = Brush(width=0.0065, length=0.15, spacing=0.0045, contrast=0.14, two_tone=0.2, taper=0.8)
LINE_BRUSH = Brush(width=0.0034, length=0.03, spacing=0.0, contrast=0.1, two_tone=0.1)
FRAME_BRUSH = Brush(width=0.0105, length=0.015, spacing=0.0, contrast=0.1)
WINDOW_BRUSH = Brush(width=0.0072, length=0.01, spacing=0.0058, contrast=0.1, two_tone=0.1)

RECESSION = 0.28
"""Rise of the receding edges for each unit of depth."""

LIT, SHADED = 0.7, 0.25
"""Tones of surfaces turned to the light and away from it."""

TOWER_WIDTH, TOWER_HEIGHT = 0.024, 0.075

LINES = Ramp.of("#0b1026", "#1d2547")
LAMPLIGHT = Ramp.of("#e88f1c", "#f7c62f", "#ffe96a", "#fff6c0")


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
    """Length of the side wall on the picture: it recedes to the right, or if negative to the left."""
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
    _light_windows(hand, house, recede)


def paint_church(hand: Hand, foot: Point, wall: Ramp, roof: Ramp, spire: float) -> None:
    """A nave, and before it a tower on `foot`, the middle of its lower edge, with a thin spire of height `spire`."""
    nave = House(_shift(foot, 0.030, 0), 0.040, wall, roof, height=0.034, gable=0.034, depth=0.052, windows=2)
    paint_house(hand, nave)
    left, right = _shift(foot, -TOWER_WIDTH / 2, 0), _shift(foot, TOWER_WIDTH / 2, 0)
    top_left, top_right = _shift(left, 0, -TOWER_HEIGHT), _shift(right, 0, -TOWER_HEIGHT)
    hand.facet((top_left, top_right, right, left), wall, LIT, WALL_BRUSH)
    hand.outline((top_left, left, right, top_right, top_left), LINES, SHADED, LINE_BRUSH)
    eave_left, eave_right, tip = (
        _shift(top_left, -0.002, 0),
        _shift(top_right, 0.002, 0),
        _shift(foot, 0, -TOWER_HEIGHT - spire),
    )
    hand.facet((eave_left, eave_right, tip, tip), roof, LIT, SPIRE_BRUSH)
    hand.outline((tip, eave_left, eave_right, tip), LINES, SHADED, LINE_BRUSH)
    for share in (0.3, 0.75):
        _light_window(hand, _shift(foot, 0, -share * TOWER_HEIGHT))


def _light_windows(hand: Hand, house: House, recede: Point) -> None:
    """Lit windows side by side on the front and one in the side wall."""
    level = _shift(house.foot, 0, -0.52 * house.height)
    for number in range(house.windows):
        _light_window(hand, _shift(level, house.width * ((number + 0.5) / house.windows - 0.5), 0))
    corner = _shift(level, np.copysign(house.width / 2, house.depth), 0)
    _light_window(hand, _shift(corner, 0.55 * recede[0], 0.55 * recede[1]))


def _light_window(hand: Hand, centre: Point) -> None:
    """A dab of yellow in a dark frame."""
    for half, ramp, tone, brush in ((0.0075, LINES, SHADED, FRAME_BRUSH), (0.0055, LAMPLIGHT, LIT, WINDOW_BRUSH)):
        hand.outline((_shift(centre, 0, -half), _shift(centre, 0, half)), ramp, tone, brush)


def _shift(point: Point, right: float, down: float) -> Point:
    return point[0] + right, point[1] + down
