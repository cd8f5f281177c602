"""Levels: their sizes rise to the whole, their steps sum to the whole."""

from __future__ import annotations

from typing import Any

import pytest

from nst.errors import InputError
from nst.pyramid import SMALLEST, Octaves, Single, apportion


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


def test_shares_are_proportions() -> None:
    once, tenfold = (Octaves((0.5, 1.0), (3 * k, 1 * k)).levels(512, 512, 101) for k in (1, 10))
    assert once == tenfold
    assert once[0].steps == pytest.approx(3 * once[1].steps, abs=3)


@pytest.mark.parametrize("shares", [(1.0,), (1.0, 1.0, 1.0), (0.9, 0.05, 0.05)])
def test_apportion_is_right_to_one(shares: tuple[float, ...]) -> None:
    for total in range(1, 60):
        parts = apportion(total, shares)
        assert sum(parts) == total
        if total >= len(shares):
            spare = total - len(shares)
            assert all(
                abs(part - 1 - spare * share / sum(shares)) <= 1 for part, share in zip(parts, shares, strict=True)
            )


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Octaves((0.5, 0.9), (1, 1)), "end at 1"),
        (lambda: Octaves((1.0, 0.5), (1, 1)), "rise"),
        (lambda: Octaves((0.5, 0.5, 1.0), (1, 1, 1)), "rise"),
        (lambda: Octaves((), ()), "end at 1"),
        (lambda: Octaves((0.0, 1.0), (1, 1)), "above 0"),
        (lambda: Octaves((0.5, 1.0), (1,)), "1 for 2"),
        (lambda: Octaves((0.5, 1.0), (0, 1)), "above 0"),
        (lambda: Single().levels(64, 64, 0), "steps must be at least 1"),
    ],
)
def test_bad_settings_are_refused_with_the_bound(make: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        make()
