"""Coarse to fine: the sizes a picture is optimized at, and how many steps each gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from nst.errors import InputError, check_count, check_flag, check_list, check_number
from nst.image import MIN_SIDE
from nst.record import Level

SMALLEST = 64  # a level whose long side is shorter is left out, or whose short side is too short for the network


@dataclass(frozen=True)
class Single:
    """All steps at full size."""

    detail: ClassVar[bool] = False

    def levels(self, height: int, width: int, steps: int) -> list[Level]:
        """One level."""
        return [Level(height, width, check_count("steps", steps, at_least=1))]


@dataclass(frozen=True)
class Octaves:
    """Each level starts from the last one's picture; large forms are found where they are cheap.

    Args:
        ratios: of the full size, rising, the last one 1.
        shares: of the steps, one per ratio; only their proportions count. The share of a level that is left out
            (sides under 64 and 32 pixels) goes to the others.
        detail: a level starts from the first picture at its own size, changed as the last level changed it, so that it
            has the detail that the last one had no room for (not where the first picture is noise). False: from the
            last one's picture, enlarged.
    """

    ratios: Sequence[float] = (0.25, 0.5, 1.0)
    shares: Sequence[float] = (0.25, 0.25, 0.5)
    detail: bool = True

    def __post_init__(self) -> None:
        check_flag("pyramid.detail", self.detail)
        check_list("pyramid.ratios", self.ratios)
        check_list("pyramid.shares", self.shares)
        ratios = [check_number("pyramid.ratios", ratio, above=0, at_most=1) for ratio in self.ratios]
        for share in self.shares:
            check_number("pyramid.shares", share, above=0)
        if not ratios or ratios != sorted(set(ratios)) or ratios[-1] != 1:
            raise InputError(f"pyramid.ratios must rise and end at 1, not {ratios}")
        if len(self.shares) != len(ratios):
            raise InputError(f"pyramid.shares: {len(self.shares)} for {len(ratios)} ratios; give one for each")

    def levels(self, height: int, width: int, steps: int) -> list[Level]:
        """The levels for a picture of `height` x `width`, small to large; their steps sum to `steps`."""
        check_count("steps", steps, at_least=1)
        kept = [
            (ratio, share)
            for ratio, share in zip(self.ratios, self.shares, strict=True)
            if ratio == 1 or (ratio * max(height, width) >= SMALLEST and round(ratio * min(height, width)) >= MIN_SIDE)
        ]
        counts = apportion(steps, [share for _, share in kept])
        sizes = [(max(1, round(ratio * height)), max(1, round(ratio * width))) for ratio, _ in kept]
        return [Level(*size, count) for size, count in zip(sizes, counts, strict=True) if count]


def apportion(total: int, shares: Sequence[float]) -> list[int]:
    """`total` split in proportion to `shares`, in whole numbers; every part gets one while there are enough.

    The running sums are rounded, so the parts are right to one and sum exactly; what is short goes to the last.
    """
    if total < len(shares):
        return [0] * (len(shares) - total) + [1] * total
    spare, whole, sums = total - len(shares), sum(shares), [0]
    for k in range(len(shares)):
        sums.append(round(spare * sum(shares[: k + 1]) / whole))
    return [1 + after - before for before, after in pairwise(sums)]
