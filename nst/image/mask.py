"""Masks, `[1,H,W,1]` float32 in 0..1, from gray or color-coded pictures.

A gray picture is one mask: white is inside, black is outside. A color-coded picture holds several masks: each flat
color is a region. Regions are numbered from the darkest color to the lightest.
"""

import numpy as np

from nst.errors import InputError
from nst.image.io import LUMA, resize

APART = 0.02  # relative difference of aspect ratios that rounding may cause
LEAST = 0.005  # share of the area; a rarer color belongs to an edge between regions
NEAR = 24  # 8-bit levels per channel; closer colors are the same flat color, changed by JPEG


def gray(picture: np.ndarray, size: tuple[int, int], name: str) -> np.ndarray:
    """The mask in a gray picture `[1,h,w,3]`, resized to `size`, (height, width).

    Raises:
        InputError: its aspect ratio differs from that of `size`, or it is black everywhere.
    """
    return _checked((picture @ LUMA)[..., None], size, name)


def regions(picture: np.ndarray, count: int, size: tuple[int, int], name: str) -> list[np.ndarray]:
    """The masks of a color-coded picture, darkest color first, resized to `size`, (height, width); they sum to 1.

    Raises:
        InputError: its aspect ratio differs from that of `size`, or it does not have `count` regions.
    """
    pixels = np.rint(picture.reshape(-1, 3) * 255).astype(np.int32)
    colors = _colors(pixels)
    if len(colors) != count:
        raise InputError(
            f"{name} has {len(colors)} regions (flat colors), but there {_styles(count)}; the numbers must be equal"
        )
    nearest = np.stack([((pixels - color) ** 2).sum(1) for color in colors]).argmin(0).reshape(picture.shape[:3])
    return [_checked((nearest == k).astype(np.float32)[..., None], size, name) for k in range(count)]


def _colors(pixels: np.ndarray) -> list[np.ndarray]:
    """The flat colors, from dark to light; a color near a more frequent one is merged into it."""
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
            f"{name} is {width}x{height}, but the content is {size[1]}x{size[0]}; "
            "a mask must have the content's aspect ratio"
        )
    sized = at(mask, *size)
    if not sized.any():
        raise InputError(f"{name} is empty: no part of it is white")
    return sized


def at(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """`mask` resized to `[1,height,width,1]`, antialiased."""
    return resize(np.repeat(mask, 3, axis=-1), height, width)[..., :1].astype(np.float32)


def composite(picture: np.ndarray, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Blend two pictures: `picture` where `mask` is 1, `below` where it is 0; all have the same size."""
    return (mask * picture + (1 - mask) * below).astype(np.float32)


def _styles(count: int) -> str:
    return f"is {count} style" if count == 1 else f"are {count} styles"
