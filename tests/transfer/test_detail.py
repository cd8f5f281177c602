"""The detail that a larger level begins with: the first picture's, where the picture still shows the same thing."""

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
    """Gray, with detail at every size."""
    noise = np.sum([gaussian_filter(rng.normal(size=(128, 160)), sigma) * sigma for sigma in (0.7, 2, 6)], axis=0)
    return np.repeat((0.5 + 0.12 * noise)[None, ..., None], 3, -1).clip(0.1, 0.9).astype(np.float32)


@pytest.fixture
def first(content: np.ndarray) -> Callable[[int, int], np.ndarray]:
    return lambda height, width: resize(content, height, width)


def fine(picture: np.ndarray) -> np.ndarray:
    """What a picture shows at full size only."""
    return picture - resize(resize(picture, *SMALL), *LEVEL[:2])


def along(found: np.ndarray, content: np.ndarray) -> float:
    """How much of the content's fine detail is in `found`: 1 all of it, 0 none, -1 its negative."""
    return float((fine(found) * fine(content)).sum() / (fine(content) ** 2).sum())


def test_what_has_not_changed_is_restored(content: np.ndarray, first: Callable[[int, int], np.ndarray]) -> None:
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
        assert along(one, other) == pytest.approx(contrast, abs=0.08)


def test_where_shapes_have_moved_no_outline_returns(
    content: np.ndarray, first: Callable[[int, int], np.ndarray]
) -> None:
    elsewhere = np.roll(first(*SMALL), (17, 31), (1, 2))
    assert abs(along(enlarged(elsewhere, LEVEL, first), content)) < 0.25
    assert along(enlarged(first(*SMALL), LEVEL, first), content) > 0.9


def test_a_flat_place_has_none(content: np.ndarray, first: Callable[[int, int], np.ndarray]) -> None:
    flat = np.full_like(first(*SMALL), 0.4)
    np.testing.assert_allclose(enlarged(flat, LEVEL, first), 0.4, atol=1e-6)


def test_without_a_first_picture_or_at_the_same_size_it_is_resized(
    content: np.ndarray, first: Callable[[int, int], np.ndarray]
) -> None:
    np.testing.assert_array_equal(enlarged(first(*SMALL), LEVEL, None), resize(first(*SMALL), *LEVEL[:2]))
    np.testing.assert_array_equal(enlarged(content, LEVEL, first), content)
