"""Statistics of a comparison of settings over pairs of pictures.

With x(s, p) the mean of a metric over the seeds of setting s on pair p, and b the baseline:

    mean         mean over p of x(s, p), with a 95 % interval of Student's t over the pairs
    difference   mean over p of d(p) = x(s, p) - x(b, p), with such an interval: pairs differ more than settings do, and
                 the difference on the same pair is free of that
    p            of a two-sided sign-flip permutation test of d (Fisher 1935): the share of all sign patterns of d whose
                 mean is as far from 0. It assumes only that without an effect +d and -d are equally likely
    adjusted p   by Holm (1979) over all tests of a report: settings times metrics. The chance to call anything
                 different where nothing differs is at most 5 %
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
EXACT = 15
"""Up to so many pairs a test counts all sign patterns. With more, it draws some at random, always the same."""
DRAWN = 2**14
DRAWN_PER_TEST = 100
"""Patterns that are drawn, at least: so many that Holm's correction leaves a p that can be significant."""
CHUNK = 2**12
"""Patterns that are in memory at a time."""
TIE = 1e-12
"""Sums of differences that are nearer than this, relative to the sum of their sizes, count as equal."""


@dataclass(frozen=True)
class Interval:
    """A mean over `count` pairs and its 95 % interval."""

    mean: float
    low: float
    high: float
    count: int

    @property
    def half(self) -> float:
        """Half of the interval's width."""
        return self.high - self.mean


@dataclass(frozen=True)
class Difference:
    """A setting compared with the baseline in one metric, over the same pairs.

    Args:
        interval: the mean difference; below 0 if the setting's mean is below the baseline's.
        wins: the number of pairs in which the setting is better.
        p: that of the permutation test.
        adjusted: p, adjusted for the number of tests.
    """

    interval: Interval
    wins: int
    p: float
    adjusted: float

    @property
    def significant(self) -> bool:
        """Whether the two settings may be called different."""
        return self.adjusted < SIGNIFICANT


def interval(values: Sequence[float] | np.ndarray) -> Interval:
    """The mean of one value per pair, of at least two, with its interval."""
    from scipy.special import stdtrit  # here, because a report without a comparison needs no scipy

    count, mean = len(values), math.fsum(values) / len(values)
    half = float(stdtrit(count - 1, (1 + CONFIDENCE) / 2) * np.std(values, ddof=1)) / math.sqrt(count)
    return Interval(mean, mean - half, mean + half, count)


def sign_flip(d: np.ndarray) -> np.ndarray:
    """The p values `[n]` of two-sided sign-flip permutation tests of the columns of `d`, `[pairs,n]`.

    Of patterns that are drawn, the observed one is the first.
    """
    pairs, tests = d.shape
    bound = abs(d.sum(0)) - TIE * abs(d).sum(0)
    patterns = _all(pairs) if pairs <= EXACT else _drawn(pairs, max(DRAWN, DRAWN_PER_TEST * tests))
    extreme, total = np.zeros(tests), 0
    for signs in patterns:
        extreme += (abs(signs @ d) >= bound).sum(0)
        total += len(signs)
    return extreme / total


def _all(pairs: int) -> Iterator[np.ndarray]:
    """Yield all sign patterns `[m,pairs]`. The first sign is always +: a pattern and its opposite are equally far."""
    total, places = 2 ** (pairs - 1), np.arange(pairs)
    for start in range(0, total, CHUNK):
        numbers = np.arange(start, min(start + CHUNK, total))
        yield 1.0 - 2 * (2 * numbers[:, None] >> places & 1)


def _drawn(pairs: int, count: int) -> Iterator[np.ndarray]:
    """Yield the observed pattern, and `count` random ones, `[m,pairs]`."""
    random = np.random.default_rng(0)
    yield np.ones((1, pairs))
    for start in range(0, count, CHUNK):
        yield 1.0 - 2 * random.integers(0, 2, (min(CHUNK, count - start), pairs), "i1")


def holm(ps: Sequence[float]) -> list[float]:
    """Adjust p values for their number (Holm 1979, "A simple sequentially rejective multiple test procedure")."""
    order = np.argsort(ps, kind="stable")
    factors = np.arange(len(ps), 0, -1)
    adjusted = np.minimum(1, np.maximum.accumulate(np.asarray(ps)[order] * factors))
    found = np.empty(len(ps))
    found[order] = adjusted
    return found.tolist()


def needed(tests: int) -> int:
    """The number of pairs from which one of `tests` tests can be significant: with n pairs, p is at least 2 / 2^n."""
    return math.floor(math.log2(tests / SIGNIFICANT)) + 2
