"""Levels: their sizes rise to the full size, their steps sum to the total."""

import itertools
from typing import Any

import numpy as np
import pytest

from nst.errors import InputError
from nst.pyramid import EQUIVALENTS, FALL, MOST, SMALLEST, Octaves, Single, apportion, budget
from nst.state import Level, full_size_equivalents


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 17, 310, 1000])
@pytest.mark.parametrize("size", [(48, 64), (512, 341), (96, 130), (33, 2000)])
def test_levels_rise_to_the_full_size_and_steps_sum(steps: int, size: tuple[int, int]) -> None:
    for pyramid in (Single(), Octaves()):
        levels = pyramid.levels(*size, steps)
        assert sum(level.steps for level in levels) == steps
        assert all(level.steps >= 1 for level in levels)
        assert (levels[-1].height, levels[-1].width) == size
        sides = [max(level.height, level.width) for level in levels]
        assert sides == sorted(set(sides))
        assert all(side >= SMALLEST for side in sides[:-1])
        assert all(min(level.height, level.width) >= 32 for level in levels[:-1])


def test_levels_keep_the_aspect_ratio() -> None:
    for level in Octaves().levels(300, 400, 100):
        assert level.width / level.height == pytest.approx(4 / 3, rel=0.02)


def test_only_the_proportions_of_shares_matter() -> None:
    once, tenfold = (Octaves((0.5, 1.0), (3 * k, 1 * k)).levels(512, 512, 101) for k in (1, 10))
    assert once == tenfold
    assert once[0].steps == pytest.approx(3 * once[1].steps, abs=3)


@pytest.mark.parametrize("size", [(48, 64), (512, 341), (96, 130), (33, 2000), (768, 768), (3000, 4096), (400, 500)])
@pytest.mark.parametrize("pyramid", [Single(), Octaves(), Octaves((0.3, 1.0)), Octaves((0.5, 1.0), (5, 1))])
def test_default_steps_spend_the_budget(size: tuple[int, int], pyramid: Any) -> None:
    levels = pyramid.levels(*size)
    planned = budget(max(levels[0].height / levels[-1].height, levels[0].width / levels[-1].width))
    assert 0.8 * planned - 1 < full_size_equivalents(levels) <= 1.03 * planned


def test_default_levels_double_up_to_the_full_size() -> None:
    for size in (64, 100, 512, 768, 2048):
        widths = [level.width for level in Octaves().levels(round(0.75 * size), size)]
        assert SMALLEST <= widths[0] < 2 * SMALLEST
        assert all(after == pytest.approx(2 * before, abs=1) for before, after in itertools.pairwise(widths))


def test_smaller_levels_have_more_evaluations_up_to_a_bound() -> None:
    counts = [level.steps for level in Octaves().levels(512, 512)]
    assert all(before >= after for before, after in itertools.pairwise(counts))
    assert counts[-2] == pytest.approx(FALL * counts[-1], abs=2)
    assert counts[0] == MOST


def test_the_budget_is_smaller_if_the_smallest_level_is_below_one_eighth() -> None:
    assert budget(1.0) == budget(1 / 8) == EQUIVALENTS
    assert EQUIVALENTS > budget(1 / 16) > budget(1 / 64) > 0


@pytest.mark.parametrize("steps", [64, 190, 800, 2000])
def test_given_steps_respect_the_bound_and_sum_to_the_total(steps: int) -> None:
    counts = [level.steps for level in Octaves().levels(512, 512, steps)]
    assert sum(counts) == steps
    assert all(count <= MOST for count in counts[:-1])


def test_the_default_total_given_as_steps_gives_nearly_the_same_levels() -> None:
    by_default = [level.steps for level in Octaves().levels(512, 512)]
    given = [level.steps for level in Octaves().levels(512, 512, sum(by_default))]
    assert np.abs(np.subtract(given, by_default)).max() <= 4


def test_full_size_equivalents_weight_evaluations_by_area() -> None:
    assert full_size_equivalents([Level(60, 80, 7)]) == 7
    assert full_size_equivalents([Level(30, 40, 8), Level(60, 80, 7)]) == 9


@pytest.mark.parametrize("shares", [(1.0,), (1.0, 1.0, 1.0), (0.9, 0.05, 0.05)])
def test_each_part_is_within_one_of_its_share(shares: tuple[float, ...]) -> None:
    for total in range(1, 60):
        parts = apportion(total, shares)
        assert sum(parts) == total
        if total >= len(shares):
            spare = total - len(shares)
            assert all(
                abs(part - 1 - spare * share / sum(shares)) <= 1 for part, share in zip(parts, shares, strict=True)
            )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Octaves((0.5, 0.9), (1, 1)), "end at 1"),
        (lambda: Octaves((1.0, 0.5), (1, 1)), "rise"),
        (lambda: Octaves((0.5, 0.5, 1.0), (1, 1, 1)), "rise"),
        (lambda: Octaves((), ()), "end at 1"),
        (lambda: Octaves((0.0, 1.0), (1, 1)), "above 0"),
        (lambda: Octaves((0.5, 1.0), (1,)), "1 for 2"),
        (lambda: Octaves(None, (1,)), "give both"),
        (lambda: Octaves((0.5, 1.0), (0, 1)), "above 0"),
        (lambda: Single().levels(64, 64, 0), "steps must be at least 1"),
    ],
)
def test_bad_settings_are_refused(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
