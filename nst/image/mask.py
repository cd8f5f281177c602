"""Where things go in a picture: masks `[1,H,W,1]` float32, 0..1, read from gray or color-coded pictures.

A gray picture is one mask: white is in, black is out. A color-coded one is several: each of its colors is a region,
counted from the darkest color to the lightest.
"""

import numpy as np

from nst.errors import InputError
from nst.image.io import LUMA, resize

APART = 0.02  # of an aspect ratio that may be rounded away
LEAST = 0.005  # of the area: a color with less is of an edge between two others
NEAR = 24  # levels of a channel within which two colors are one: what JPEG makes of a flat color


def gray(picture: np.ndarray, size: tuple[int, int], name: str) -> np.ndarray:
    """The mask that a gray picture `[1,h,w,3]` is, at (height, width).

    Raises:
        InputError: another aspect ratio, or nothing in it is white.
    """
    return _checked((picture @ LUMA)[..., None], size, name)


def regions(picture: np.ndarray, count: int, size: tuple[int, int], name: str) -> list[np.ndarray]:
    """The masks of a color-coded picture's regions, darkest color first, at (height, width); they sum to 1.

    Raises:
        InputError: another aspect ratio, or another number of regions than `count`.
    """
    pixels = np.rint(picture.reshape(-1, 3) * 255).astype(np.int32)
    colors = _colors(pixels)
    if len(colors) != count:
        raise InputError(
            f"{name} has {len(colors)} regions (flat colors) and there {_styles(count)}; they must be as many"
        )
    nearest = np.stack([((pixels - color) ** 2).sum(1) for color in colors]).argmin(0).reshape(picture.shape[:3])
    return [_checked((nearest == k).astype(np.float32)[..., None], size, name) for k in range(count)]


def _colors(pixels: np.ndarray) -> list[np.ndarray]:
    """The flat colors, from dark to light; what is near another, more frequent one is taken for that."""
    found: list[np.ndarray] = []
    values, counts = np.unique(pixels, axis=0, return_counts=True)
    for color, count in sorted(zip(values, counts, strict=True), key=lambda pair: -pair[1]):
        near = [other for other in found if np.abs(color - other).max() <= NEAR]
        if not near and count >= LEAST * len(pixels):
            found.append(color)
    return sorted(found, key=lambda color: float(color @ LUMA))


def _checked(mask: np.ndarray, size: tuple[int, int], name: str) -> np.ndarray:
    height, width = mask.shape[1:3]
    if abs(width * size[0] / (height * size[1]) - 1) > max(APART, 2 / min(*size, height, width)):
        raise InputError(
            f"{name} is {width}x{height}, and the content {size[1]}x{size[0]}: a mask must have its aspect ratio"
        )
    sized = at(mask, *size)
    if not sized.any():
        raise InputError(f"{name} is empty: nothing in it is white")
    return sized


def at(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """`mask` at another size, antialiased."""
    return resize(np.repeat(mask, 3, axis=-1), height, width)[..., :1].astype(np.float32)


def composite(picture: np.ndarray, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """`picture` where `mask` is 1, `below` where it is 0, all of one size."""
    return (mask * picture + (1 - mask) * below).astype(np.float32)


def _styles(count: int) -> str:
    return f"is {count} style" if count == 1 else f"are {count} styles"
