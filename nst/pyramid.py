"""The pyramid: the sizes, coarse to fine, at which a picture is optimized, and the evaluations at each.

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

SMALLEST = 64  # pixels, long side; smaller levels are left out, as are those with a short side under `MIN_SIDE`
FALL = 1.6  # evaluations at a level for each one at twice its size ...
MOST = 64  # ... up to this many: more at a small size settle on the style and lose the content
EQUIVALENTS = 40.0  # full-size equivalents of a run if `steps` is None and no level is below 1/8 of the full size


@dataclass(frozen=True)
class Single:
    """One level: all evaluations at full size."""

    detail: ClassVar[bool] = False

    def levels(self, height: int, width: int, steps: int | None = None) -> list[Level]:
        """One level of `height` x `width` with `steps` evaluations (at least 1); None: `EQUIVALENTS`."""
        count = round(budget(1.0)) if steps is None else check_count("steps", steps, at_least=1)
        return [Level(height, width, count)]


@dataclass(frozen=True)
class Octaves:
    """Several levels, small to large; each starts from the picture of the level before.

    Large forms emerge at small sizes, where an evaluation is cheap.

    Args:
        ratios: sizes as parts of the full size, above 0, rising, the last one 1. None: the full size is halved down to
            a long side of at least `SMALLEST`.
        shares: shares of the evaluations, one per ratio, above 0; only their proportions count. A level with a long
            side under 64 or a short side under 32 pixels is left out; the others get its share. None: `FALL` times as
            many at half the size, up to `MOST`.
        detail: whether a level adds the fine detail of the first picture that the level before was too small to show
            (never if the first picture is noise). False: it starts from the enlarged picture alone.

    Raises:
        InputError: a value outside its range, or another number of shares than of ratios.
    """

    ratios: Sequence[float] | None = None
    shares: Sequence[float] | None = None
    detail: bool = True

    def __post_init__(self) -> None:
        check_flag("pyramid.detail", self.detail)
        if self.ratios is None:
            if self.shares is not None:
                raise InputError("pyramid.shares needs pyramid.ratios; give both")
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
            raise InputError(f"pyramid.shares: {len(shares)} for {count} ratios; give one per ratio")

    def levels(self, height: int, width: int, steps: int | None = None) -> list[Level]:
        """The levels for a picture of `height` x `width`, small to large.

        Their steps sum to `steps` (at least 1). None: their work is about `budget(ratio of the smallest level)`.
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

    def why_single(self, height: int, width: int, steps: int | None = None) -> str:
        """Why a picture of `height` x `width` has one level although this pyramid has several; empty otherwise."""
        several = self.ratios is None or len(self.ratios) > 1
        if not several or len(self.levels(height, width, steps)) > 1:
            return ""
        if len(self._usable(height, width)[0]) > 1:
            return f"steps={steps} is too few for more"
        return f"a smaller one would be under {SMALLEST} pixels (long side) or {MIN_SIDE} pixels (short side)"

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
    """Full-size equivalents of a run if `steps` is None.

    Args:
        smallest: ratio of the smallest level, 0..1; more levels leave less work for the last one.
    """
    return EQUIVALENTS * min(1.0, 8 * smallest) ** 0.75


def capped(counts: Sequence[int], *, carry: bool) -> list[int]:
    """`counts`, small to large, with at most `MOST` at all but the last; with `carry` the next level gets the rest."""
    *below, last = counts
    found, over = [], 0
    for count in below:
        found.append(min(MOST, count + over))
        over = count + over - found[-1] if carry else 0
    return [*found, last + over]


def apportion(total: int, shares: Sequence[float]) -> list[int]:
    """`total` split into whole numbers in proportion to `shares`, at least one each.

    Rounding the running sums keeps the sum exact and each part within one of its share. If `total` is too small for
    one each, the last parts get one and the others none.
    """
    if total < len(shares):
        return [0] * (len(shares) - total) + [1] * total
    spare, all_shares, sums = total - len(shares), sum(shares), [0]
    for k in range(len(shares)):
        sums.append(round(spare * sum(shares[: k + 1]) / all_shares))
    return [1 + after - before for before, after in pairwise(sums)]
