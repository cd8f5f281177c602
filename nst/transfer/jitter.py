"""Each evaluation sees the picture shifted another way (Mordvintsev et al. 2015), around its edges.

What the network's grid of strides likes to draw then averages out. Content and picture are shifted together, so the
losses mean the same; they differ from shift to shift by what the grid and the edges make of it.
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

SHIFTS = 8  # taken in turns: for each the targets are measured once per level
MOST = 256  # pixels


def jittered(
    evaluation_at: Callable[[np.ndarray], Evaluate], content: np.ndarray, pixels: int, seed: int, used: int
) -> Evaluate:
    """What is descended at a level.

    Args:
        evaluation_at: the level's content -> the function without jitter.
        content: `[1,H,W,3]` float32, at the level's size.
        pixels: the most that the picture is shifted, down and across; 0 is no jitter.
        seed: of the shifts.
        used: evaluations that this level has had; a run that was stopped goes on with the shift it was at.
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
    """Refuse, with an InputError, jitter where it cannot be."""
    if not 0 <= pixels <= MOST:
        raise InputError(f"jitter must be 0 to {MOST} pixels, not {pixels}")
    if pixels and optimizer.line_search:
        raise InputError("jitter needs optimizer=adam or sgd: a line search needs one and the same function")
    if pixels and any(style.mask is not None for style in styles):
        raise InputError("jitter does not go with masks, which stay where they are; jitter=0 or no masks")
