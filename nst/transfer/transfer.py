"""A transfer that is ready to go, as one value."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nst.color import Color, Free
from nst.extractor.network import Network
from nst.image.io import resize
from nst.init import FromContent, Init
from nst.loss.objective import Objective
from nst.optimizer.contract import Optimizer
from nst.pyramid import Octaves, Single
from nst.state import Level
from nst.style import Style
from nst.transfer import checks
from nst.transfer.bounds import Bounds
from nst.transfer.optimize import Stop


@dataclass(frozen=True, eq=False)
class Transfer:
    """Pictures, network, losses, optimizer and settings; everything that decides the result.

    Args:
        content: `[1,H,W,3]` float32, RGB 0..1; the result has its size.
        styles: at least one.
        network: computes the features; `nst.VGG19Slim().load()` is the bundled one.
        objective: the weighted terms.
        optimizer: any of `nst.optimizer`.
        steps: evaluations (forward and backward passes) over all levels; None takes `nst.pyramid.budget`.
        pyramid: the levels; by default full size only.
        init: the first picture.
        color: what becomes of the colors.
        mask: `[1,H,W,1]`, 0..1: where the picture may change; where it is 0 the content stays. None is everywhere.
        seed: of everything random.
        jitter: pixels by which each evaluation may see the picture shifted; not with L-BFGS.
        stop: when a level ends early.

    Raises:
        InputError: an input that is no picture, a layer that the network lacks, a level too small for it.
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

    def __post_init__(self) -> None:
        checks.check_pictures(self.content, self.styles, self.mask)
        self.network.require(self.objective.layers)
        checks.check_settings(self.levels, self.styles, self.objective, self.optimizer, self.jitter)

    @cached_property
    def levels(self) -> list[Level]:
        """From small to large, with the evaluations of each."""
        return self.pyramid.levels(self.content.shape[1], self.content.shape[2], self.steps)

    def present(self, picture: np.ndarray) -> np.ndarray:
        """A picture as the optimizer has it, `[1,h,w,3]` of any size, as the result shows it.

        It is in the result's colors, within the mask, in 0..1.
        """
        content = resize(self.content, *picture.shape[1:3])
        colored = self.color.after(np.asarray(picture).clip(0, 1), content)
        return Bounds(self.mask, content).applied(colored)
