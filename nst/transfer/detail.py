"""From a level's picture to the next level's first one: enlarged, with the detail that the small one had no room for.

The detail is the light of the first picture (the content, say) that its own size loses. It is added in the colors and
contrast that the picture has for that light, place by place, as in joint or guided upsampling (Kopf et al. 2007; He et
al. 2013): with p a channel of the small picture, y the light of the small first picture, and means over a Gaussian of
`SIGMA` pixels,

    a = (mean(p y) - mean(p) mean(y)) / (mean(y^2) - mean(y)^2 + FLAT), held in -1..1
    enlarged + a (light of the first picture - light of the small one, enlarged)

Where shapes have moved, p and y are not related, a is near 0, and no outline of the first picture returns.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

from nst.image.io import LUMA, resize
from nst.state import Level

SIGMA = 4.0  # pixels of the small picture
FLAT = 1e-4  # variance of light, in 0..1, below which a place counts as flat


def enlarged(picture: np.ndarray, level: Level, first: Callable[[int, int], np.ndarray] | None) -> np.ndarray:
    """`picture` `[1,h,w,3]` at the size of `level`, in 0..1.

    Args:
        picture: of the level before.
        level: the next one.
        first: (height, width) -> the first picture at that size; None adds no detail.
    """
    size = level.height, level.width
    picture = picture.clip(0, 1)
    larger = resize(picture, *size)
    if first is None or picture.shape[1:3] == size:
        return larger
    small = first(*picture.shape[1:3])
    slope = resize((agreement(picture, _light(small)) + 1) / 2, *size) * 2 - 1  # `resize` holds values in 0..1
    return (larger + slope * _light(first(*size) - resize(small, *size))).clip(0, 1)


def agreement(picture: np.ndarray, light: np.ndarray) -> np.ndarray:
    """How each channel of `picture` `[1,h,w,3]` changes with `light` `[1,h,w,1]` around each pixel: -1..1."""
    spread = _mean(light * light) - _mean(light) ** 2
    together = _mean(picture * light) - _mean(picture) * _mean(light)
    return (together / (spread + FLAT)).clip(-1, 1).astype(np.float32)


def _light(picture: np.ndarray) -> np.ndarray:
    """`[1,h,w,3]` -> `[1,h,w,1]`."""
    return (picture @ LUMA)[..., None]


def _mean(values: np.ndarray) -> np.ndarray:
    return gaussian_filter(values, (0, SIGMA, SIGMA, 0), mode="nearest")
