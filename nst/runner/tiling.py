"""Choose whether a run is evaluated by tiles, how large they are, and how much it keeps of them."""

import math

from nst.layers import SMALLEST_TILE
from nst.loss.objective import tileable
from nst.runner import checkpoint
from nst.runner.folder import RunFolder
from nst.runner.memory_estimate import Plan
from nst.runtime import memory
from nst.state import Level

SIDES = (2048, 1536, 1024, 768, 512)  # pixels; of those that fit, `auto` takes the largest, with the least margin
SHARE = 0.5  # of the memory that a run by tiles leaves free: kept between its passes, to be faster


def chosen(asked: str | int | None, plan: Plan, level: Level, folder: RunFolder) -> int | None:
    """The side of a run's tiles in pixels; None if the run has none.

    A run that was begun in `folder` keeps its tiles.

    Args:
        asked: `auto`, a side, or None, for no tiles.
        plan: the memory that the run needs without tiles.
        level: its largest level.
        folder: the run's folder.
    """
    long_side = max(level.height, level.width)
    if isinstance(asked, int):
        return asked if asked < long_side else None
    if asked is None:
        return None
    record = folder.record or {}
    begun = record if "tiles" in record else checkpoint.header(folder.path)
    if begun is not None:
        side = begun.get("tiles")
        return side if type(side) is int and side >= SMALLEST_TILE else None
    available = memory.free()
    losses = [loss for _, loss in plan.objective.terms]
    if plan.needed(level.height, level.width) <= available or not all(map(tileable, losses)):
        return None
    smaller = [side for side in SIDES if side < long_side]
    fitting = (side for side in smaller if plan._replace(tiles=side).needed(level.height, level.width) <= available)
    return next(fitting, smaller[-1] if smaller else None)  # if none fits, the run is refused as with the smallest


def keepable(plan: Plan, level: Level) -> float:
    """Bytes that a run by tiles may keep between its passes; 0 if it has no tiles, or if free memory is unknown.

    Args:
        plan: the memory that the run needs if it keeps nothing.
        level: its largest level.
    """
    spare = memory.free() - plan.needed(level.height, level.width)
    return SHARE * max(0.0, spare) if plan.tiles and math.isfinite(spare) else 0.0
