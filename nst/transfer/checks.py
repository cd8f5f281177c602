"""Checks of a transfer's arguments, before any work. All raise InputError."""

from collections.abc import Sequence

import numpy as np

from nst.errors import InputError, check_count
from nst.image.io import check_picture, check_short_side
from nst.layers import SMALLEST_TILE, stride_of
from nst.loss.contract import Loss
from nst.loss.objective import Objective, apart, config_path
from nst.optimizer.contract import Optimizer
from nst.state import Level
from nst.style import Style
from nst.transfer.jitter import check_jitter


def check_pictures(content: np.ndarray, styles: Sequence[Style], mask: np.ndarray | None) -> None:
    """Raise InputError unless content and styles are pictures, and the masks fit the content."""
    check_picture("content", content)
    check_styles(styles)
    for name, one in [("mask", mask), *(("a style's mask", style.mask) for style in styles)]:
        check_mask(name, one, content)


def check_styles(styles: Sequence[Style]) -> None:
    """Raise InputError unless `styles` is a list of at least one `Style`."""
    if not isinstance(styles, list | tuple) or not all(isinstance(style, Style) for style in styles) or not styles:
        raise InputError("styles must be a list of at least one style, like [Style(picture)]")
    for style in styles:
        check_picture("style", style.picture)


def check_mask(name: str, mask: np.ndarray | None, content: np.ndarray) -> None:
    """Raise InputError unless `mask` is None, or `[1,H,W,1]` at the size of `content`, in 0..1, and not all 0."""
    wanted = (*content.shape[:3], 1)
    if mask is not None and (
        np.shape(mask) != wanted or not 0 <= np.min(mask) <= np.max(mask) <= 1 or not np.any(mask)
    ):
        raise InputError(f"{name} must be an array {list(wanted)} with values in 0..1, not all 0")


def check_settings(
    levels: Sequence[Level], styles: Sequence[Style], objective: Objective, optimizer: Optimizer, jitter: int
) -> None:
    """Raise InputError for settings that conflict: masks and losses, jitter and optimizer, levels and sizes."""
    if any(style.mask is not None for style in styles):
        objective.per_style(1, guided=True)  # raises InputError if a loss has no guided form
    check_jitter(jitter, optimizer, styles)
    check_levels(levels, styles, objective)


def check_tiles(side: int | None, objective: Objective) -> None:
    """Raise InputError if `side` is too small for tiles, or a loss cannot be measured by tiles."""
    if side is not None:
        check_count("tiles", side, at_least=SMALLEST_TILE)
        apart(objective.terms)


def check_levels(levels: Sequence[Level], styles: Sequence[Style], objective: Objective) -> None:
    """Raise InputError if a level, or a style at that level, is too small for the network or a loss."""
    for level in levels:
        check_short_side("the content at the smallest level of the pyramid", level.height, level.width)
        for height, width in [
            (level.height, level.width),
            *(style.size(level.height, level.width) for style in styles),
        ]:
            for name, loss in objective.terms:
                _check_positions(name, loss, height, width)


def _check_positions(term: str, loss: Loss, height: int, width: int) -> None:
    for layer in loss.layers if loss.smallest > 1 else ():
        there = min(height, width) // stride_of(layer)
        if there < loss.smallest:
            raise InputError(
                f"{config_path(term)}: patches of {loss.smallest} do not fit {layer}, which has {there} positions on a "
                f"side of a picture of {width}x{height}; choose a larger size or earlier layers"
            )
