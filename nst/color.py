"""What becomes of the colors (Gatys et al. 2017, "Preserving Color in Neural Artistic Style Transfer", section 3).

`free`: they are the style's. `luminance`: the transfer sees and changes lightness alone, the content's hue and chroma
stay. `histogram`: the style's colors are made the content's before the run.

Departures: lightness is that of CIELAB, where the paper takes the Y of YIQ, so that a color is kept as it is seen; a
lightness that a color cannot have on a screen is moved towards the content's until it can.
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

HALVINGS = 12  # of the interval in which a lightness is looked for: to a fortieth of a grey level
JUST_SEEN = 0.5  # a difference of CIELAB that nobody sees
TINY = 1e-5  # added to variances: a picture of one color has none


class Color(Protocol):
    """What a run does with colors."""

    def before(self, content: np.ndarray, styles: Sequence[Style]) -> tuple[np.ndarray, Sequence[Style]]:
        """The pictures, `[1,H,W,3]` each, as the transfer is to see them."""
        ...

    def after(self, image: np.ndarray, content: np.ndarray) -> np.ndarray:
        """The transfer's picture with its colors; `content` is the original, of the same size."""
        ...


@dataclass(frozen=True)
class Free:
    """The style's colors."""

    def before(self, content: np.ndarray, styles: Sequence[Style]) -> tuple[np.ndarray, Sequence[Style]]:
        """They are as they are."""
        return content, styles

    def after(self, image: np.ndarray, content: np.ndarray) -> np.ndarray:
        """It is as it is."""
        del content
        return image


@dataclass(frozen=True)
class Luminance:
    """The content's colors; of the style only what is light and dark."""

    def before(self, content: np.ndarray, styles: Sequence[Style]) -> tuple[np.ndarray, Sequence[Style]]:
        """Grey, the styles as light and as full of contrast as the content (equation 10)."""
        light = rgb2lab(content)[..., 0]

        def like_the_content(style: Style) -> Style:
            own = rgb2lab(style.picture)[..., 0]
            matched = (own - own.mean()) * light.std() / (own.std() + TINY) + light.mean()
            return replace(style, picture=_grey(matched))

        return _grey(light), [like_the_content(style) for style in styles]

    def after(self, image: np.ndarray, content: np.ndarray) -> np.ndarray:
        """The picture's lightness with the content's colors."""
        return _colored(rgb2lab(image)[..., 0], rgb2lab(content))


@dataclass(frozen=True)
class Matched:
    """The content's colors, by way of a style that has them.

    Args:
        method: `pca` and `cholesky` give the style the content's mean and covariance (the paper's two ways, with the
            symmetric and with the triangular root), `histogram` the content's distribution in each channel.
    """

    method: str = "pca"

    def __post_init__(self) -> None:
        check_name("color.method", self.method, METHODS)

    def before(self, content: np.ndarray, styles: Sequence[Style]) -> tuple[np.ndarray, Sequence[Style]]:
        """The styles in the content's colors."""
        match = METHODS[self.method]
        matched = [match(style.picture, content).clip(0, 1).astype(np.float32) for style in styles]
        return content, [replace(style, picture=picture) for style, picture in zip(styles, matched, strict=True)]

    def after(self, image: np.ndarray, content: np.ndarray) -> np.ndarray:
        """It is as it is."""
        del content
        return image


def pca(picture: np.ndarray, like: np.ndarray) -> np.ndarray:
    """`picture` with the mean and covariance of `like`, by symmetric roots (the paper's Image Analogies matching)."""
    return _linear(picture, like, _symmetric_root)


def cholesky(picture: np.ndarray, like: np.ndarray) -> np.ndarray:
    """The same by triangular roots."""
    return _linear(picture, like, np.linalg.cholesky)


def histogram(picture: np.ndarray, like: np.ndarray) -> np.ndarray:
    """`picture` with the distribution of `like` in each channel."""
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


def _grey(light: np.ndarray) -> np.ndarray:
    """Lightness `[1,H,W]`, 0..100, as a picture."""
    return _rgb(light.clip(0, 100), np.zeros((*light.shape, 2)))


def _colored(light: np.ndarray, content: np.ndarray) -> np.ndarray:
    """The lightness asked for with the colors of `content`, CIELAB `[1,H,W,3]`; as near to it as a screen can show."""
    own, colors = content[..., 0], content[..., 1:]
    possible, beyond = np.zeros_like(light), np.ones_like(light)  # of the way from the content's lightness to that
    part = beyond
    for _ in range(HALVINGS):
        fine = _shows(own + part * (light - own), colors)
        possible, beyond = np.where(fine, part, possible), np.where(fine, beyond, part)
        part = np.where(possible == 1, 1, (possible + beyond) / 2)
    return _rgb(own + possible * (light - own), colors)


def _shows(light: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Where a screen can show that lightness with these colors: they come back from RGB as they were."""
    return np.abs(rgb2lab(_rgb(light, colors))[..., 1:] - colors).max(-1) < JUST_SEEN


def _rgb(light: np.ndarray, colors: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of colors that no screen can show, which are clipped
        return lab2rgb(np.concatenate([light[..., None], colors], -1)).astype(np.float32)
