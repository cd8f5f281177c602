"""Jitter (Mordvintsev et al. 2015): each evaluation is of a shifted picture, cyclic at the edges.

This averages out artifacts of the network's grid of strides. Content and picture shift together, so the losses keep
their meaning; from shift to shift they differ only by effects of the grid and the edges.
"""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import count

import numpy as np
import tensorflow as tf

from nst.errors import InputError
from nst.optimizer.contract import Evaluate, Optimizer
from nst.state import Image, Point
from nst.style import Style

SHIFTS = 8  # used in turn; the targets are measured once per level for each
MOST = 256  # pixels


def jittered(
    evaluation_at: Callable[[np.ndarray], Evaluate], content: np.ndarray, pixels: int, seed: int, used: int
) -> Evaluate:
    """The function to minimize at a level, with jitter.

    Args:
        evaluation_at: the level's content -> the function without jitter.
        content: `[1,H,W,3]` float32, at the level's size.
        pixels: largest shift, vertically and horizontally, 0..`MOST`; 0 is no jitter.
        seed: seed of the shifts.
        used: evaluations done at this level; a resumed run continues with the next shift.
    """
    if not pixels:
        return evaluation_at(content)
    shifts = np.random.default_rng(seed).integers(-pixels, pixels, (SHIFTS, 2), endpoint=True)
    at = cache(lambda turn: evaluation_at(np.roll(content, shifts[turn], (1, 2))))
    turns = count(used)

    def evaluate(image: Image) -> Point:
        turn = next(turns) % SHIFTS
        point = at(turn)(tf.roll(image, shifts[turn], [1, 2]))
        return point._replace(image=image, gradient=tf.roll(point.gradient, -shifts[turn], [1, 2]))

    return evaluate


def check_jitter(pixels: int, optimizer: Optimizer, styles: Sequence[Style]) -> None:
    """Raise InputError if `pixels` is outside 0..`MOST`, or not 0 with a line search or with masks."""
    if not 0 <= pixels <= MOST:
        raise InputError(f"jitter must be 0 to {MOST} pixels, not {pixels}")
    if pixels and optimizer.line_search:
        raise InputError("jitter needs optimizer=adam or sgd: a line search needs the same function at every step")
    if pixels and any(style.mask is not None for style in styles):
        raise InputError("jitter does not work with style masks, which do not shift; use jitter=0 or no masks")
