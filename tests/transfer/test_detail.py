"""Detail at a larger level: taken from the first picture where the current picture still agrees with it."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from nst.image.io import resize
from nst.state import Level
from nst.transfer.detail import enlarged

LEVEL = Level(128, 160, 1)
SMALL = 64, 80


@pytest.fixture
def content(rng: np.random.Generator) -> np.ndarray:
    """A gray picture with detail at every scale."""
    noise = np.sum([gaussian_filter(rng.normal(size=(128, 160)), sigma) * sigma for sigma in (0.7, 2, 6)], axis=0)
    return np.repeat((0.5 + 0.12 * noise)[None, ..., None], 3, -1).clip(0.1, 0.9).astype(np.float32)


@pytest.fixture
def first(content: np.ndarray) -> Callable[[int, int], np.ndarray]:
    return lambda height, width: resize(content, height, width)


def fine_detail(picture: np.ndarray) -> np.ndarray:
    """The detail of a picture that is lost at its small size."""
    return picture - resize(resize(picture, *SMALL), *LEVEL[:2])


def detail_share(found: np.ndarray, content: np.ndarray) -> float:
    """The share of the content's fine detail in `found`: 1 is all, 0 none, -1 the negative."""
    return float((fine_detail(found) * fine_detail(content)).sum() / (fine_detail(content) ** 2).sum())


def test_the_detail_of_an_unchanged_picture_is_restored(
    content: np.ndarray, first: Callable[[int, int], np.ndarray]
) -> None:
    found = enlarged(first(*SMALL), LEVEL, first)
    plain = resize(first(*SMALL), *LEVEL[:2])
    assert np.abs(found - content).mean() < 0.15 * np.abs(plain - content).mean()


def test_detail_has_the_contrast_and_color_of_the_picture(
    content: np.ndarray, first: Callable[[int, int], np.ndarray]
) -> None:
    tinted = 0.5 + (first(*SMALL) - 0.5) * np.array([0.5, 0.0, -1.0], np.float32)
    found = enlarged(tinted, LEVEL, first)
    for channel, contrast in enumerate((0.5, 0.0, -1.0)):
        one, other = (np.repeat(picture[..., channel : channel + 1], 3, -1) for picture in (found, content))
        assert detail_share(one, other) == pytest.approx(contrast, abs=0.08)


def test_a_shifted_picture_gets_almost_no_detail(content: np.ndarray, first: Callable[[int, int], np.ndarray]) -> None:
    shifted = np.roll(first(*SMALL), (17, 31), (1, 2))
    assert abs(detail_share(enlarged(shifted, LEVEL, first), content)) < 0.25
    assert detail_share(enlarged(first(*SMALL), LEVEL, first), content) > 0.9


def test_a_flat_picture_gets_no_detail(content: np.ndarray, first: Callable[[int, int], np.ndarray]) -> None:
    flat = np.full_like(first(*SMALL), 0.4)
    np.testing.assert_allclose(enlarged(flat, LEVEL, first), 0.4, atol=1e-6)


def test_without_a_first_picture_or_at_equal_size_there_is_only_a_resize(
    content: np.ndarray, first: Callable[[int, int], np.ndarray]
) -> None:
    np.testing.assert_array_equal(enlarged(first(*SMALL), LEVEL, None), resize(first(*SMALL), *LEVEL[:2]))
    np.testing.assert_array_equal(enlarged(content, LEVEL, first), content)
