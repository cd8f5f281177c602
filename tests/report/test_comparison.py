"""Intervals and tests: against naive versions and scipy's."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from nst.report.comparison import DRAWN, SIGNIFICANT, holm, interval, needed, sign_flip


def naive_sign_flip(d: np.ndarray) -> float:
    means = [abs(np.mean(d * signs)) for signs in product((1, -1), repeat=len(d))]
    return float(np.mean([mean >= abs(np.mean(d)) - 1e-12 for mean in means]))


@pytest.mark.parametrize("count", [1, 2, 4, 9])
def test_all_sign_patterns_count(count: int, rng: np.random.Generator) -> None:
    d = rng.normal(0.3, 1, (count, 20))
    np.testing.assert_allclose(sign_flip(d), [naive_sign_flip(column) for column in d.T])


@pytest.mark.parametrize("count", [3, 8, 14, 17])
def test_the_test_is_that_of_scipy(count: int, rng: np.random.Generator) -> None:
    d = rng.normal(0.3, 1, count)
    found = stats.permutation_test(
        (d, np.zeros(count)), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=2**12, rng=rng
    )
    assert sign_flip(d[:, None])[0] == pytest.approx(found.pvalue, abs=1e-9 if count < 12 else 0.03)


def test_equal_sums_count_as_equal_whatever_their_rounding() -> None:
    d = np.array([0.1, 0.2, 0.3, -0.3, -0.2, -0.1 + 1e-17])
    assert sign_flip(d[:, None])[0] == 1
    thirds = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.1]) / 3
    assert sign_flip(thirds[:, None])[0] == 2 / 2**6
    assert sign_flip(np.zeros((5, 1)))[0] == 1


def test_with_many_pairs_patterns_are_drawn_always_the_same(rng: np.random.Generator) -> None:
    d = rng.normal(0.3, 1, (40, 3))
    np.testing.assert_array_equal(sign_flip(d), sign_flip(d))
    np.testing.assert_allclose(sign_flip(d), [stats.ttest_1samp(column, 0).pvalue for column in d.T], atol=0.02)
    assert sign_flip(np.ones((40, 1)))[0] == 1 / (DRAWN + 1), "the observed pattern counts"


def test_the_interval_is_that_of_student(rng: np.random.Generator) -> None:
    values = rng.normal(size=7).tolist()
    found = interval(values)
    assert (found.low, found.high) == pytest.approx(stats.ttest_1samp(values, 0).confidence_interval(0.95))
    assert found.mean == pytest.approx(np.mean(values))


def test_adjusted_values_are_holms() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == pytest.approx([1, 1])
    assert holm([]) == []


@pytest.mark.parametrize("tests", [1, 2, 4, 36, 400, 2000])
def test_fewer_pairs_than_needed_can_show_nothing(tests: int) -> None:
    def best(pairs: int) -> float:
        d = np.zeros((pairs, tests))
        d[:, 0] = 1
        return holm(sign_flip(d).tolist())[0]

    assert best(needed(tests)) < SIGNIFICANT
    assert best(needed(tests) - 1) >= SIGNIFICANT
