"""Color modes: what each must preserve, in pictures and in statistics."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from nst.color import METHODS, Free, HistogramMatching, Luminance
from nst.errors import InputError
from nst.metrics import chroma_distance
from nst.style import Style
from tests.conftest import blobs

CONTENT, OTHER = blobs(48, 64, 1), blobs(40, 56, 2)


def statistics(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pixels = picture.reshape(-1, 3)
    return pixels.mean(0), np.cov(pixels.T)


class TestLuminance:
    def test_the_transfer_gets_gray_pictures(self) -> None:
        content, (style,) = Luminance().before(CONTENT, [Style(OTHER, scale=2.0)])
        for picture in (content, style.picture):
            np.testing.assert_allclose(picture.std(-1), 0, atol=2e-3)
        np.testing.assert_allclose(rgb2lab(content)[..., 0], rgb2lab(CONTENT)[..., 0], atol=0.1)
        assert style.scale == 2
        assert style.picture.shape == OTHER.shape

    def test_the_style_gets_the_contents_lightness_and_contrast(self) -> None:
        low_contrast = OTHER * 0.2 + 0.4  # nothing is clipped
        _, (style,) = Luminance().before(CONTENT * 0.5 + 0.25, [Style(low_contrast)])
        lightness, expected = rgb2lab(style.picture)[..., 0], rgb2lab(CONTENT * 0.5 + 0.25)[..., 0]
        assert lightness.mean() == pytest.approx(expected.mean(), abs=1)
        assert lightness.std() == pytest.approx(expected.std(), rel=0.1)

    def test_every_result_gets_the_contents_colors(self, rng: np.random.Generator) -> None:
        for picture in (rng.uniform(size=CONTENT.shape).astype(np.float32), np.zeros_like(CONTENT), 1 + 0 * CONTENT):
            assert chroma_distance(Luminance().after(picture, CONTENT), CONTENT) < 1

    def test_the_transfers_lightness_is_kept_inside_the_gamut(self) -> None:
        pale = CONTENT * 0.2 + 0.4
        lighter = (pale + 0.05).astype(np.float32)
        found = rgb2lab(Luminance().after(lighter, pale))[..., 0]
        np.testing.assert_allclose(found, rgb2lab(lighter)[..., 0], atol=0.1)

    def test_the_content_is_unchanged(self) -> None:
        np.testing.assert_allclose(Luminance().after(CONTENT, CONTENT), CONTENT, atol=1e-4)


class TestHistogramMatching:
    @pytest.mark.parametrize("method", ["pca", "cholesky"])
    def test_the_style_gets_the_contents_mean_and_covariance(self, method: str) -> None:
        (mean, covariance), (expected_mean, expected_covariance) = (
            statistics(picture) for picture in (METHODS[method](OTHER, CONTENT), CONTENT)
        )
        np.testing.assert_allclose(mean, expected_mean, atol=1e-5)
        np.testing.assert_allclose(covariance, expected_covariance, atol=1e-3)

    def test_each_channel_gets_the_contents_distribution(self) -> None:
        matched = METHODS["histogram"](OTHER, CONTENT)
        for channel in range(3):
            found, expected = (np.quantile(p[..., channel], np.linspace(0, 1, 11)) for p in (matched, CONTENT))
            np.testing.assert_allclose(found, expected, atol=0.03)

    @pytest.mark.parametrize("method", METHODS)
    def test_a_style_with_the_contents_statistics_is_unchanged(self, method: str) -> None:
        _, (style,) = HistogramMatching(method).before(CONTENT, [Style(CONTENT)])
        np.testing.assert_allclose(style.picture, CONTENT, atol=0.01)

    @pytest.mark.parametrize("method", METHODS)
    def test_a_style_of_one_color_gives_finite_values(self, method: str) -> None:
        _, (style,) = HistogramMatching(method).before(CONTENT, [Style(np.full((1, 40, 40, 3), 0.3, np.float32))])
        assert np.isfinite(style.picture).all()

    def test_an_unknown_method_is_refused(self) -> None:
        with pytest.raises(InputError, match="did you mean 'cholesky'"):
            HistogramMatching("cholesk")


def test_free_changes_nothing() -> None:
    content, styles = Free().before(CONTENT, [Style(OTHER)])
    assert content is CONTENT
    assert styles[0].picture is OTHER
    assert Free().after(OTHER, CONTENT) is OTHER
