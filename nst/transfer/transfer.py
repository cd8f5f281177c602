"""Transfer: the inputs and settings of one run of the method, checked, as one value."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nst.color import Color, Free
from nst.errors import check_number
from nst.extractor.network import Network
from nst.image.io import resize
from nst.image.mask import at
from nst.init import FromContent, Init
from nst.loss.objective import Objective
from nst.optimizer.contract import Optimizer
from nst.pyramid import Octaves, Single
from nst.state import Level
from nst.style import Style
from nst.transfer import checks
from nst.transfer.bounds import Bounds
from nst.transfer.lightness import Limits, limits
from nst.transfer.optimize import Stop


@dataclass(frozen=True, eq=False)
class Transfer:
    """Pictures, network, losses, optimizer and settings: everything that decides the result.

    Args:
        content: `[1,H,W,3]` float32, RGB 0..1; the result has its size.
        styles: at least one.
        network: computes the features; `nst.VGG19Slim().load()` is the bundled one.
        objective: the weighted sum of content, style and smoothness terms.
        optimizer: any of `nst.optimizer`.
        steps: evaluations (forward and backward passes) over all levels, at least 1; None: see `nst.pyramid.budget`.
        pyramid: the levels; by default one, at full size.
        init: makes the first picture.
        color: the color mode.
        mask: `[1,H,W,1]`, 0..1: where the picture may change; where it is 0 the content stays. None: everywhere. The
            masks of styles should be inside it: `nst.runner.setup` intersects those of a config.
        seed: seed of everything random.
        jitter: largest shift of the picture per evaluation, 0..256 pixels; not with L-BFGS, not with style masks.
        stop: when a level ends early.
        tiles: larger pictures are evaluated by tiles of at most so many pixels (`nst.transfer.tiles`). None: none is.
        keep: bytes that an evaluation by tiles may keep to be faster, at least 0. The result does not depend on it.

    Raises:
        InputError: an array is no picture or mask, the network lacks a layer, a level is too small, or settings
            conflict.
    """

    content: np.ndarray
    styles: Sequence[Style]
    network: Network
    objective: Objective
    optimizer: Optimizer
    steps: int | None = None
    pyramid: Single | Octaves = Single()
    init: Init = FromContent()
    color: Color = Free()
    mask: np.ndarray | None = None
    seed: int = 0
    jitter: int = 0
    stop: Stop = Stop()
    tiles: int | None = None
    keep: float = 0.0

    def __post_init__(self) -> None:
        checks.check_pictures(self.content, self.styles, self.mask)
        self.network.require(self.objective.layers)
        checks.check_tiles(self.tiles, self.objective)
        check_number("keep", self.keep, at_least=0)
        checks.check_settings(self.levels, self.styles, self.objective, self.optimizer, self.jitter)

    @cached_property
    def levels(self) -> list[Level]:
        """The levels, small to large, with the evaluations of each."""
        return self.pyramid.levels(self.content.shape[1], self.content.shape[2], self.steps)

    @cached_property
    def seen(self) -> tuple[np.ndarray, Sequence[Style]]:
        """The content and the styles that the losses compare with; the color mode makes them of the given ones."""
        return self.color.before(self.content, self.styles)

    def limits(self, height: int, width: int) -> Limits | None:
        """The color mode's limits of lightness at a size; None if it has none."""
        return limits(self.color, resize(self.content, height, width))

    def present(self, picture: np.ndarray) -> np.ndarray:
        """Convert a picture of the optimizer, `[1,h,w,3]` of any size, as for the result.

        The returned picture has the same size, the final colors, the content outside the mask, and values in 0..1.
        """
        size = picture.shape[1:3]
        content, seen = resize(self.content, *size), Bounds(self.mask, self.seen[0])
        colored = self.color.after(seen.applied(np.asarray(picture).clip(0, 1)), content)
        return colored if self.mask is None else np.where(at(self.mask, *size) > 0, colored, content)
