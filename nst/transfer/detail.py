"""Makes the first picture of the next level: the last picture, enlarged, with fine detail of the run's first picture.

The detail is the luma that the run's first picture (for example the content) loses at the small size. The picture's
local colors and contrast scale it, as in joint or guided upsampling (Kopf et al. 2007; He et al. 2013). With p a
channel of the small picture, y the luma of the small first picture, and means over a Gaussian of `SIGMA` pixels:

    a = (mean(p y) - mean(p) mean(y)) / (mean(y^2) - mean(y)^2 + FLAT), held in -1..1
    enlarged + a (luma of the first picture - luma of the small one, enlarged)

Where shapes have moved, p and y are unrelated and a is near 0: no outline of the first picture returns.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

from nst.image.io import LUMA, resize
from nst.state import Level

SIGMA = 4.0  # pixels of the small picture
FLAT = 1e-4  # variance of the luma (0..1) below which a place counts as flat


def enlarged(picture: np.ndarray, level: Level, first: Callable[[int, int], np.ndarray] | None) -> np.ndarray:
    """The first picture of `level`, `[1,H,W,3]`, in 0..1.

    Args:
        picture: the last picture of the level before, `[1,h,w,3]`; values outside 0..1 are clipped.
        level: the next level.
        first: (height, width) -> the run's first picture at that size; None adds no detail.
    """
    size = level.height, level.width
    picture = picture.clip(0, 1)
    larger = resize(picture, *size)
    if first is None or picture.shape[1:3] == size:
        return larger
    small = first(*picture.shape[1:3])
    slope = resize((agreement(picture, _light(small)) + 1) / 2, *size) * 2 - 1  # `resize` clips to 0..1
    return (larger + slope * _light(first(*size) - resize(small, *size))).clip(0, 1)


def agreement(picture: np.ndarray, light: np.ndarray) -> np.ndarray:
    """The formula's a, -1..1: the local slope of each channel of `picture` `[1,h,w,3]` over `light` `[1,h,w,1]`."""
    spread = _mean(light * light) - _mean(light) ** 2
    together = _mean(picture * light) - _mean(picture) * _mean(light)
    return (together / (spread + FLAT)).clip(-1, 1).astype(np.float32)


def _light(picture: np.ndarray) -> np.ndarray:
    """The luma: `[1,h,w,3]` -> `[1,h,w,1]`."""
    return (picture @ LUMA)[..., None]


def _mean(values: np.ndarray) -> np.ndarray:
    return gaussian_filter(values, (0, SIGMA, SIGMA, 0), mode="nearest")
