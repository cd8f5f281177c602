"""Coarse to fine: the sizes a picture is optimized at, and how many evaluations each gets.

Work is counted in full-size equivalents: one is the work of an evaluation at full size; an evaluation at half the side
counts 1/4.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress, pairwise
from typing import ClassVar

from nst.errors import InputError, check_count, check_flag, check_list, check_number
from nst.image.io import MIN_SIDE
from nst.state import Level

SMALLEST = 64  # a level whose long side is shorter is left out, or whose short side is too short for the network
FALL = 1.6  # evaluations at a level for each one at twice its size ...
MOST = 64  # ... up to so many: more at a small size settle on the style and lose the content
EQUIVALENTS = 40.0  # full-size equivalents of a run whose `steps` are not given, down to 1/8 of the full size


@dataclass(frozen=True)
class Single:
    """All steps at full size."""

    detail: ClassVar[bool] = False

    def levels(self, height: int, width: int, steps: int | None = None) -> list[Level]:
        """One level, of `steps` evaluations or, if that is None, of `EQUIVALENTS`."""
        count = round(budget(1.0)) if steps is None else check_count("steps", steps, at_least=1)
        return [Level(height, width, count)]


@dataclass(frozen=True)
class Octaves:
    """Each level starts from the last one's picture; large forms are found where they are cheap.

    Args:
        ratios: of the full size, rising, the last one 1. None: halved from the full size down to a long side of at
            least `SMALLEST`.
        shares: of the evaluations, one per ratio; only their proportions count. The share of a level that is left out
            (sides under 64 and 32 pixels) goes to the others. None: `FALL` times as many at half the size,
            up to `MOST`.
        detail: whether a level adds the first picture's detail that the last one had no room for (not where the first
            picture is noise). False: it starts from the last one's picture, enlarged.
    """

    ratios: Sequence[float] | None = None
    shares: Sequence[float] | None = None
    detail: bool = True

    def __post_init__(self) -> None:
        check_flag("pyramid.detail", self.detail)
        if self.ratios is None:
            if self.shares is not None:
                raise InputError("pyramid.shares belong to pyramid.ratios; give both")
            return
        ratios = [
            check_number("pyramid.ratios", ratio, above=0, at_most=1)
            for ratio in check_list("pyramid.ratios", self.ratios)
        ]
        if not ratios or ratios != sorted(set(ratios)) or ratios[-1] != 1:
            raise InputError(f"pyramid.ratios must rise and end at 1, not {ratios}")
        if self.shares is not None:
            self._check_shares(check_list("pyramid.shares", self.shares), len(ratios))

    def _check_shares(self, shares: Sequence[float], count: int) -> None:
        for share in shares:
            check_number("pyramid.shares", share, above=0)
        if len(shares) != count:
            raise InputError(f"pyramid.shares: {len(shares)} for {count} ratios; give one for each")

    def levels(self, height: int, width: int, steps: int | None = None) -> list[Level]:
        """The levels for a picture of `height` x `width`, small to large.

        Their steps sum to `steps`. If that is None, their work is about `budget(ratio of the smallest level)`.
        """
        ratios, shares = self._usable(height, width)
        if steps is None:
            work = sum(share * ratio**2 for ratio, share in zip(ratios, shares, strict=True))
            counts = [max(1, int(budget(ratios[0]) * share / work)) for share in shares]
        else:
            counts = apportion(check_count("steps", steps, at_least=1), shares)
        if self.shares is None:
            counts = capped(counts, carry=steps is not None)
        sizes = [(max(1, round(ratio * height)), max(1, round(ratio * width))) for ratio in ratios]
        return [Level(*size, count) for size, count in zip(sizes, counts, strict=True) if count]

    def _usable(self, height: int, width: int) -> tuple[list[float], list[float]]:
        """(ratios, shares) of the levels that are large enough."""
        ratios = self.ratios or [0.5**k for k in reversed(range(max(height, width).bit_length()))]
        shares = self.shares or [ratio ** -math.log2(FALL) for ratio in ratios]
        large = [
            ratio == 1 or (ratio * max(height, width) >= SMALLEST and round(ratio * min(height, width)) >= MIN_SIDE)
            for ratio in ratios
        ]
        return list(compress(ratios, large)), list(compress(shares, large))


def budget(smallest: float) -> float:
    """Full-size equivalents of a run whose `steps` are not given.

    Args:
        smallest: ratio of the smallest level; the more levels there are below the last, the less it has left to do.
    """
    return EQUIVALENTS * min(1.0, 8 * smallest) ** 0.75


def capped(counts: Sequence[int], *, carry: bool) -> list[int]:
    """`counts`, small to large, with at most `MOST` below the last; what is above goes to the next, if `carry`."""
    *below, last = counts
    found, over = [], 0
    for count in below:
        found.append(min(MOST, count + over))
        over = count + over - found[-1] if carry else 0
    return [*found, last + over]


def apportion(total: int, shares: Sequence[float]) -> list[int]:
    """`total` split in proportion to `shares`, in whole numbers; every part gets one while there are enough.

    The running sums are rounded, so the parts are right to one and sum exactly; what is short goes to the last.
    """
    if total < len(shares):
        return [0] * (len(shares) - total) + [1] * total
    spare, all_shares, sums = total - len(shares), sum(shares), [0]
    for k in range(len(shares)):
        sums.append(round(spare * sum(shares[: k + 1]) / all_shares))
    return [1 + after - before for before, after in pairwise(sums)]
