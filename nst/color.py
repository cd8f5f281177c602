"""Color modes (Gatys et al. 2017, "Preserving Color in Neural Artistic Style Transfer", section 3).

`free`: the result has the style's colors. `luminance`: the transfer changes lightness only; the content's hue and
chroma stay. `histogram`: the style gets the content's colors before the run.

Departures: lightness is CIELAB's L, where the paper uses the Y of YIQ; so the perceived color stays. If sRGB cannot
show a color at the required lightness, the lightness moves toward the content's until it can.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from skimage.color import lab2rgb, rgb2lab
from skimage.exposure import match_histograms

from nst.errors import check_name
from nst.style import Style

HALVINGS = 12  # bisections of the interval that holds a lightness: precise to 1/40 of a gray level
JUST_SEEN = 0.5  # a difference in CIELAB that is not visible
TINY = 1e-5  # added to variances: they are 0 in a picture of one color


class Color(Protocol):
    """Contract of a color mode."""

    def before(self, content: np.ndarray, styles: Sequence[Style]) -> tuple[np.ndarray, Sequence[Style]]:
        """The content `[1,H,W,3]` and the styles that the transfer uses in place of the given ones."""
        ...

    def after(self, image: np.ndarray, content: np.ndarray) -> np.ndarray:
        """The transfer's `image` `[1,H,W,3]` in its final colors; `content` is the original at the same size."""
        ...


@dataclass(frozen=True)
class Free:
    """The result has the style's colors."""

    def before(self, content: np.ndarray, styles: Sequence[Style]) -> tuple[np.ndarray, Sequence[Style]]:
        """Both, unchanged."""
        return content, styles

    def after(self, image: np.ndarray, content: np.ndarray) -> np.ndarray:
        """`image`, unchanged."""
        del content
        return image


@dataclass(frozen=True)
class Luminance:
    """The result has the content's hue and chroma; only the lightness takes the style."""

    def before(self, content: np.ndarray, styles: Sequence[Style]) -> tuple[np.ndarray, Sequence[Style]]:
        """Both in gray; each style gets the content's mean and deviation of lightness (equation 10)."""
        light = rgb2lab(content)[..., 0]

        def like_the_content(style: Style) -> Style:
            own = rgb2lab(style.picture)[..., 0]
            matched = (own - own.mean()) * light.std() / (own.std() + TINY) + light.mean()
            return replace(style, picture=_gray(matched))

        return _gray(light), [like_the_content(style) for style in styles]

    def after(self, image: np.ndarray, content: np.ndarray) -> np.ndarray:
        """The lightness of `image` with the colors of `content`."""
        return _colored(rgb2lab(image)[..., 0], rgb2lab(content))


@dataclass(frozen=True)
class HistogramMatching:
    """The result has the content's colors, because each style gets them before the run.

    Args:
        method: `pca` and `cholesky` give the style the content's mean and covariance, by symmetric or triangular roots
            (the paper's two methods); `histogram` gives it the content's distribution in each channel.

    Raises:
        InputError: `method` is unknown.
    """

    method: str = "pca"

    def __post_init__(self) -> None:
        check_name("color.method", self.method, METHODS)

    def before(self, content: np.ndarray, styles: Sequence[Style]) -> tuple[np.ndarray, Sequence[Style]]:
        """The content, unchanged, and the styles in its colors."""
        match = METHODS[self.method]
        matched = [match(style.picture, content).clip(0, 1).astype(np.float32) for style in styles]
        return content, [replace(style, picture=picture) for style, picture in zip(styles, matched, strict=True)]

    def after(self, image: np.ndarray, content: np.ndarray) -> np.ndarray:
        """`image`, unchanged."""
        del content
        return image


def pca(picture: np.ndarray, like: np.ndarray) -> np.ndarray:
    """`picture` with the mean and covariance of `like`, by symmetric roots (the paper's Image Analogies matching)."""
    return _linear(picture, like, _symmetric_root)


def cholesky(picture: np.ndarray, like: np.ndarray) -> np.ndarray:
    """`picture` with the mean and covariance of `like`, by triangular roots."""
    return _linear(picture, like, np.linalg.cholesky)


def histogram(picture: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return `picture` with the values of each channel distributed as in `like`."""
    return match_histograms(picture[0], like[0], channel_axis=-1)[None]


METHODS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "pca": pca,
    "cholesky": cholesky,
    "histogram": histogram,
}


def _linear(picture: np.ndarray, like: np.ndarray, root: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    (m, S), (n, T) = (_statistics(image) for image in (picture, like))
    change = root(T) @ np.linalg.inv(root(S))
    return (picture - m) @ change.T + n


def _statistics(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pixels = image.reshape(-1, 3).astype(np.float64)
    return pixels.mean(0), np.cov(pixels.T, bias=True) + TINY * np.eye(3)


def _symmetric_root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(values) @ vectors.T


def _gray(light: np.ndarray) -> np.ndarray:
    """The gray picture `[1,H,W,3]` of a lightness `[1,H,W]`, 0..100."""
    return _rgb(light.clip(0, 100), np.zeros((*light.shape, 2)))


def _colored(light: np.ndarray, content: np.ndarray) -> np.ndarray:
    """The picture with lightness `light` and the colors of `content`, CIELAB `[1,H,W,3]`; as near as sRGB can show."""
    own, colors = content[..., 0], content[..., 1:]
    possible, beyond = np.zeros_like(light), np.ones_like(light)  # fractions of the way from `own` to `light`
    part = beyond
    for _ in range(HALVINGS):
        fine = _shows(own + part * (light - own), colors)
        possible, beyond = np.where(fine, part, possible), np.where(fine, beyond, part)
        part = np.where(possible == 1, 1, (possible + beyond) / 2)
    return _rgb(own + possible * (light - own), colors)


def _shows(light: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Where sRGB can show this lightness with these colors: the conversion to RGB and back keeps the colors."""
    return np.abs(rgb2lab(_rgb(light, colors))[..., 1:] - colors).max(-1) < JUST_SEEN


def _rgb(light: np.ndarray, colors: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about colors outside sRGB, which are clipped
        return lab2rgb(np.concatenate([light[..., None], colors], -1)).astype(np.float32)
