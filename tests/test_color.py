"""Colors: what is to stay stays, in pictures and in statistics."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from nst.color import METHODS, Free, Luminance, Matched
from nst.errors import InputError
from nst.metrics import chroma_distance
from nst.style import Style
from tests.conftest import blobs

CONTENT, OTHER = blobs(48, 64, 1), blobs(40, 56, 2)


def statistics(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pixels = picture.reshape(-1, 3)
    return pixels.mean(0), np.cov(pixels.T)


class TestLuminance:
    def test_what_the_transfer_sees_is_grey(self) -> None:
        content, (style,) = Luminance().before(CONTENT, [Style(OTHER, scale=2.0)])
        for picture in (content, style.picture):
            np.testing.assert_allclose(picture.std(-1), 0, atol=2e-3)
        np.testing.assert_allclose(rgb2lab(content)[..., 0], rgb2lab(CONTENT)[..., 0], atol=0.1)
        assert style.scale == 2
        assert style.picture.shape == OTHER.shape

    def test_the_style_is_as_light_and_contrasted_as_the_content(self) -> None:
        quiet = OTHER * 0.2 + 0.4  # nothing is cut off
        _, (style,) = Luminance().before(CONTENT * 0.5 + 0.25, [Style(quiet)])
        light, wanted = rgb2lab(style.picture)[..., 0], rgb2lab(CONTENT * 0.5 + 0.25)[..., 0]
        assert light.mean() == pytest.approx(wanted.mean(), abs=1)
        assert light.std() == pytest.approx(wanted.std(), rel=0.1)

    def test_the_colors_are_the_contents_whatever_the_transfer_did(self, rng: np.random.Generator) -> None:
        for picture in (rng.uniform(size=CONTENT.shape).astype(np.float32), np.zeros_like(CONTENT), 1 + 0 * CONTENT):
            assert chroma_distance(Luminance().after(picture, CONTENT), CONTENT) < 1

    def test_the_lightness_is_the_transfers_where_a_screen_can_show_it(self) -> None:
        pale = CONTENT * 0.2 + 0.4
        lighter = (pale + 0.05).astype(np.float32)
        found = rgb2lab(Luminance().after(lighter, pale))[..., 0]
        np.testing.assert_allclose(found, rgb2lab(lighter)[..., 0], atol=0.1)

    def test_the_content_itself_comes_back(self) -> None:
        np.testing.assert_allclose(Luminance().after(CONTENT, CONTENT), CONTENT, atol=1e-4)


class TestMatched:
    @pytest.mark.parametrize("method", ["pca", "cholesky"])
    def test_mean_and_covariance_are_the_contents(self, method: str) -> None:
        (mean, covariance), (wanted, like) = (
            statistics(picture) for picture in (METHODS[method](OTHER, CONTENT), CONTENT)
        )
        np.testing.assert_allclose(mean, wanted, atol=1e-5)
        np.testing.assert_allclose(covariance, like, atol=1e-3)

    def test_each_channel_has_the_contents_distribution(self) -> None:
        matched = METHODS["histogram"](OTHER, CONTENT)
        for channel in range(3):
            found, wanted = (np.quantile(p[..., channel], np.linspace(0, 1, 11)) for p in (matched, CONTENT))
            np.testing.assert_allclose(found, wanted, atol=0.03)

    @pytest.mark.parametrize("method", METHODS)
    def test_a_style_that_has_them_already_stays(self, method: str) -> None:
        _, (style,) = Matched(method).before(CONTENT, [Style(CONTENT)])
        np.testing.assert_allclose(style.picture, CONTENT, atol=0.01)

    @pytest.mark.parametrize("method", METHODS)
    def test_a_picture_of_one_color_serves(self, method: str) -> None:
        _, (style,) = Matched(method).before(CONTENT, [Style(np.full((1, 40, 40, 3), 0.3, np.float32))])
        assert np.isfinite(style.picture).all()

    def test_an_unknown_method_is_refused(self) -> None:
        with pytest.raises(InputError, match="did you mean 'cholesky'"):
            Matched("cholesk")


def test_free_changes_nothing() -> None:
    content, styles = Free().before(CONTENT, [Style(OTHER)])
    assert content is CONTENT
    assert styles[0].picture is OTHER
    assert Free().after(OTHER, CONTENT) is OTHER
