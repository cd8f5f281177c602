"""The first picture: its size is the content's, its values are in 0..1, and its source is right."""

from typing import Any

import numpy as np
import pytest

from nst import init
from nst.errors import InputError
from tests.conftest import blobs

CONTENT, STYLE = blobs(40, 56, 1), blobs(64, 48, 2)
INITS = {
    "content": init.FromContent(),
    "style": init.FromStyle(),
    "noise": init.Noise(deviation=0.5),
    "given": init.FromImage(blobs(33, 99, 3)),
}


@pytest.mark.parametrize("name", INITS)
def test_the_first_picture_has_the_contents_size_and_values_in_0_to_1(name: str) -> None:
    picture = INITS[name](CONTENT, STYLE, 0)
    assert picture.shape == CONTENT.shape
    assert picture.dtype == np.float32
    assert 0 <= picture.min() <= picture.max() <= 1


def test_from_content_returns_a_copy() -> None:
    picture = init.FromContent()(CONTENT, STYLE, 0)
    np.testing.assert_array_equal(picture, CONTENT)
    assert not np.shares_memory(picture, CONTENT)


def test_noise_follows_the_seed() -> None:
    first, again, other = (init.Noise()(CONTENT, STYLE, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.1


def test_noise_has_the_given_mean_and_deviation() -> None:
    picture = init.Noise(mean=0.4, deviation=0.1)(np.zeros((1, 200, 200, 3), np.float32), STYLE, 0)
    assert picture.mean() == pytest.approx(0.4, abs=0.005)
    assert picture.std() == pytest.approx(0.1, abs=0.005)


def test_noise_may_have_a_mean_for_each_color() -> None:
    picture = init.Noise(mean=[0.3, 0.4, 0.6], deviation=0.01)(np.zeros((1, 100, 100, 3), np.float32), STYLE, 0)
    assert picture.mean((0, 1, 2)) == pytest.approx([0.3, 0.4, 0.6], abs=0.002)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: init.Noise(mean=[0.1, 0.2]), "2 values; give one, or one each for red, green and blue"),
        (lambda: init.Noise(mean=[0.1, 0.2, 3]), "at most 1"),
        (lambda: init.Noise(mean=2), "at most 1"),
        (lambda: init.Noise(deviation=-1), "at least 0"),
    ],
)
def test_bad_settings_are_refused(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
