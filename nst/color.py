"""Color modes (Gatys et al. 2017, "Preserving Color in Neural Artistic Style Transfer", section 3).

`free`: the result has the style's colors. `luminance`: the transfer changes lightness only; the content's hue and
chroma stay. `histogram`: the style gets the content's colors before the run.

Departures: lightness is CIELAB's L, where the paper uses the Y of YIQ; so the perceived color stays. The paper adds
the colors after the transfer. Here the lightness stays within the limits that sRGB has for the content's colors during
the transfer, too (`nst/transfer/lightness.py`), so the losses are those of the picture that is saved.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
from skimage.color import lab2rgb, rgb2lab, rgb2xyz
from skimage.exposure import match_histograms

from nst.errors import check_name
from nst.image.strips import by_strips
from nst.style import Style

HALVINGS = 12  # bisections of the interval that holds a limit of lightness: precise to 1/16 of a gray level
OUTSIDE = 1e-4  # linear RGB outside 0..1 that still counts as inside: at most 1/3 of a gray level
WHITE = rgb2xyz(np.ones(3))  # CIEXYZ of sRGB's white
LINEAR_RGB = np.linalg.inv(rgb2xyz(np.eye(3)))  # CIEXYZ @ LINEAR_RGB is linear RGB
KNEE = 6 / 29  # CIELAB's cube root is a line below it
TINY = 1e-5  # added to variances: they are 0 in a picture of one color


class Color(Protocol):
    """Contract of a color mode."""

    def before(self, content: np.ndarray, styles: Sequence[Style]) -> tuple[np.ndarray, Sequence[Style]]:
        """The content `[1,H,W,3]` and the styles that the transfer uses in place of the given ones."""
        ...

    def after(self, image: np.ndarray, content: np.ndarray) -> np.ndarray:
        """The transfer's `image` `[1,H,W,3]` in its final colors; `content` is the original at the same size."""
        ...

    def limits(self, content: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """The lowest and the highest gray value `[1,H,W,1]`, 0..1, at the size of `content`, or None.

        With limits, the transfer optimizes a gray picture between them. None: it optimizes RGB in 0..1.
        """
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

    def limits(self, content: np.ndarray) -> None:
        """None: the transfer optimizes RGB."""


@dataclass(frozen=True)
class Luminance:
    """The result has the content's hue and chroma; only the lightness takes the style."""

    def before(self, content: np.ndarray, styles: Sequence[Style]) -> tuple[np.ndarray, Sequence[Style]]:
        """Both in gray; each style gets the content's mean and deviation of lightness (equation 10)."""
        light = _lightness(content)

        def like_the_content(style: Style) -> Style:
            own = _lightness(style.picture)
            matched = (own - own.mean()) * light.std() / (own.std() + TINY) + light.mean()
            return replace(style, picture=_of_lightness(matched))

        return _of_lightness(light), [like_the_content(style) for style in styles]

    def after(self, image: np.ndarray, content: np.ndarray) -> np.ndarray:
        """The lightness of `image`, as near as sRGB can show it, with the hue and chroma of `content`."""
        return by_strips(_with_lightness, image, content)

    def limits(self, content: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The gray values with the lowest and the highest lightness that sRGB can show in the colors of `content`."""
        lowest, highest = (by_strips(partial(_limit_of_gray, end=end), content) for end in (0, 100))
        return lowest, highest


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

    def limits(self, content: np.ndarray) -> None:
        """None: the transfer optimizes RGB."""


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


def gray(picture: np.ndarray) -> np.ndarray:
    """The gray picture `[1,H,W,3]` with the lightness of `picture`."""
    return _of_lightness(_lightness(picture))


def _lightness(picture: np.ndarray) -> np.ndarray:
    """CIELAB's L of a picture `[1,H,W,3]`: `[1,H,W]`, 0..100."""
    return by_strips(lambda strip: rgb2lab(strip)[..., :1], picture)[..., 0]


def _with_lightness(image: np.ndarray, content: np.ndarray) -> np.ndarray:
    """The lightness of `image`, as near as sRGB can show it, with the hue and chroma of `content`."""
    lab = _lab(content)
    light = rgb2lab(image)[..., 0].clip(_limit(lab, 0), _limit(lab, 100))
    return _rgb(light, lab[..., 1:])


def _limit_of_gray(content: np.ndarray, end: float) -> np.ndarray:
    """The gray value `[1,H,W,1]` of the lightness nearest to `end` that sRGB shows with the colors of `content`."""
    return _of_lightness(_limit(_lab(content), end))[..., :1]


def _of_lightness(light: np.ndarray) -> np.ndarray:
    """The gray picture `[1,H,W,3]` of a lightness `[1,H,W]`, 0..100."""
    return by_strips(lambda strip: _rgb(strip[..., 0].clip(0, 100), np.zeros((*strip.shape[:3], 2))), light[..., None])


def _lab(picture: np.ndarray) -> np.ndarray:
    """CIELAB in float64: float32 would put pure colors outside sRGB."""
    return rgb2lab(picture.astype(np.float64))


def _limit(lab: np.ndarray, end: float) -> np.ndarray:
    """The lightness `[1,H,W]` nearest to `end` that sRGB shows with the colors of `lab` `[1,H,W,3]`.

    The lightnesses that it shows with a color form an interval, and that of `lab` is one of them.
    """
    shown, colors = lab[..., 0], lab[..., 1:] @ [[1 / 500, 0, 0], [0, 0, -1 / 200]]
    middle = beyond = np.full_like(shown, end)
    for _ in range(HALVINGS):
        inside = _shows(middle, colors)
        shown, beyond = np.where(inside, middle, shown), np.where(inside, beyond, middle)
        middle = (shown + beyond) / 2
    return shown


def _shows(light: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Where sRGB can show this lightness with these `colors`, as differences of CIELAB's cube roots of X, Y and Z."""
    roots = (light[..., None] + 16) / 116 + colors
    cubes = np.where(roots > KNEE, roots * roots * roots, 3 * KNEE**2 * (roots - 4 / 29))
    linear = cubes * WHITE @ LINEAR_RGB
    return ((linear >= -OUTSIDE) & (linear <= 1 + OUTSIDE)).all(-1)


def _rgb(light: np.ndarray, colors: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about colors outside sRGB, which are clipped
        return lab2rgb(np.concatenate([light[..., None], colors], -1)).astype(np.float32)
