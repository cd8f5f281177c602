"""Conversion between picture files, 8-bit or 16-bit arrays, and the picture in memory.

The picture in memory is `[1,H,W,3]` float32, RGB, sRGB-encoded, 0..1.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from nst.assets.picture_file import MAX_PIXELS, opened
from nst.errors import InputError, check_count, check_name, check_number
from nst.image import texts
from nst.image.decode import decode, decode_alpha
from nst.image.encode import DEEP, FORMATS, OPAQUE, save
from nst.runtime.atomic import atomic

MIN_SIDE = 32  # pixels; the deepest layers then have 2x2 positions
Size = int | tuple[int, int]
MAX_DPI = 65_535  # the largest that JPEG can store
PER_INCH = {"mm": 25.4, "cm": 2.54, "in": 1.0}
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # weights of red, green, blue: ITU-R BT.601


def check_size(size: object, dpi: float | None = None) -> Size:
    """Validate `size`: the long side in pixels or with a unit, like `40cm`, or (height, width) in pixels.

    Args:
        size: the size.
        dpi: pixels per inch, for a size with a unit.

    Raises:
        InputError: it is no size, or a side is below `MIN_SIDE` pixels.
    """
    if isinstance(size, str) and (found := re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?) *(mm|cm|in)", size)):
        return _pixels(size, float(found[1]), found[2], dpi)
    if isinstance(size, Iterable) and not isinstance(size, str):
        sides = [check_count("size", side, at_least=MIN_SIDE) for side in size]
        if len(sides) != 2:
            raise InputError(f"size must be the long side or [height, width], not {sides}")
        return sides[0], sides[1]
    return check_count("size", size, at_least=MIN_SIDE)


def _pixels(size: str, length: float, unit: str, dpi: float | None) -> int:
    if dpi is None:
        raise InputError(f"size={size} needs the pixels per inch, like output.dpi=300")
    pixels = round(length / PER_INCH[unit] * dpi)
    if pixels < MIN_SIDE:
        raise InputError(f"size={size} at output.dpi={dpi:g} is {pixels} pixels; at least {MIN_SIDE} are needed")
    return pixels


def fit(shape: Sequence[int], size: Size) -> tuple[int, int]:
    """(height, width) of a picture of `shape` at `size`: a long side keeps its aspect ratio; a pair does not."""
    if isinstance(size, tuple):
        return size
    height, width = shape
    scale = size / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def read_image(
    path: str | Path, size: Size | None = None, *, name: str | None = None, smallest: int = MIN_SIDE
) -> np.ndarray:
    """Read a picture file.

    The EXIF orientation is applied, embedded color profiles are converted to sRGB, transparency is composited on white,
    and every color mode is converted to RGB. Of an animation, the first frame is read. 16-bit files are read as 8 bits.

    Args:
        path: a regular file of at most 1 GiB: JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF or JPEG 2000.
        size: long side in pixels, or (height, width); None keeps the file's size.
        name: name of the picture in messages; None uses the path.
        smallest: lower bound of the short side at `size`, in pixels.

    Returns:
        `[1,H,W,3]` float32, RGB 0..1.

    Raises:
        InputError: the file is missing, is not a regular file, is not a picture, is broken, has too many pixels to
            decode safely, or its short side at `size` is below `smallest`.
    """
    name = name or str(path)
    picture = decode(Path(path), name)
    if size is not None:
        height, width = fit((picture.height, picture.width), size)
        check_short_side(name, height, width, smallest)
        if height * width > MAX_PIXELS:
            raise InputError(f"{name} at {width}x{height} is too large: over {MAX_PIXELS / 1e6:.0f} million pixels")
        picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    check_short_side(name, picture.height, picture.width, smallest)
    return np.asarray(picture, np.float32)[None] / np.float32(255)


def read_result(path: Path) -> np.ndarray:
    """The colors of a picture written by nst, without its alpha: `[H,W,3]` uint8.

    Raises:
        InputError: the file is missing or broken.
    """
    with opened(path, str(path)) as picture:
        return np.asarray(picture.convert("RGB"))


def read_texts(path: Path, names: tuple[str, ...]) -> dict[str, str]:
    """`{name: text}` of those of `names` that a picture file has, written by `write_image`.

    Raises:
        InputError: the file is missing or broken, or a text in it is.
    """
    with opened(path, str(path)) as picture:
        return texts.of_picture(picture, names, str(path))


def read_alpha(path: str | Path, height: int, width: int) -> np.ndarray | None:
    """The alpha of a picture file: `[height,width]` float32, 0 (clear) to 1 (opaque); None if it is opaque everywhere.

    Raises:
        InputError: as `nst.image.decode.decode`.
    """
    levels = decode_alpha(Path(path), str(path))
    if levels is None:
        return None
    levels = levels.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(levels, np.float32) / np.float32(255)


def check_short_side(name: str, height: int, width: int, smallest: int = MIN_SIDE) -> None:
    """Raise an InputError if the short side of a picture is below `smallest` pixels."""
    if min(height, width) < smallest:
        raise InputError(
            f"{name}: the short side must be at least {smallest} pixels, not {width}x{height} (use a larger size)"
        )


def check_picture(name: str, picture: object) -> None:
    """Raise an InputError if `picture` is not a `[1,H,W,3]` array, or has values far from 0..1 (outside -1..2)."""
    if not isinstance(picture, np.ndarray) or picture.ndim != 4 or picture.shape[0] != 1 or picture.shape[3] != 3:
        raise InputError(f"{name} must be an array [1,H,W,3], not {getattr(picture, 'shape', type(picture).__name__)}")
    if not (np.isfinite(picture).all() and picture.min() >= -1 and picture.max() <= 2):
        raise InputError(f"{name} must hold values in 0..1, not {picture.min():g}..{picture.max():g}")


def resize(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize `picture` from `[1,h,w,3]` to `[1,height,width,3]`: antialiased Lanczos on floats, clipped to 0..1."""
    if picture.shape[1:3] == (height, width):
        return picture
    resized = np.empty((1, height, width, 3), np.float32)
    for c in range(3):  # one after the other: a large picture should not be in memory several times
        channel = Image.fromarray(np.ascontiguousarray(picture[0, :, :, c], np.float32))
        resized[0, :, :, c] = np.asarray(channel.resize((width, height), Image.Resampling.LANCZOS))
    return np.clip(resized, 0, 1, out=resized)


def reduced(picture: np.ndarray, side: int) -> np.ndarray:
    """`picture` `[1,h,w,3]` with a long side of at most `side` pixels."""
    return resize(picture, *fit(picture.shape[1:3], min(side, max(picture.shape[1:3]))))


def to_levels(picture: Any, bits: int = 8) -> np.ndarray:
    """Convert `[1,H,W,C]` float, clipped to 0..1, to rounded `[H,W,C]` uint8, or uint16 if `bits` is 16."""
    most, kind = {8: (255, np.uint8), 16: (65535, np.uint16)}[bits]
    levels = np.clip(np.asarray(picture)[0], 0, 1)
    levels *= most
    return np.rint(levels, out=levels).astype(kind)  # in place: a copy of a large picture is as large


def to_uint8(picture: Any) -> np.ndarray:
    """`to_levels` with 8 bits."""
    return to_levels(picture)


def from_uint8(picture: np.ndarray) -> np.ndarray:
    """The inverse of `to_uint8`: `[H,W,3]` uint8 to `[1,H,W,3]` float32, 0..1."""
    return picture[None].astype(np.float32) / np.float32(255)


def write_image(
    picture: Any,
    path: str | Path,
    *,
    alpha: np.ndarray | None = None,
    bits: int = 8,
    dpi: float | None = None,
    text: Mapping[str, str] | None = None,
    quick: bool = False,
) -> None:
    """Write a picture as sRGB, atomically; the suffix of `path` selects the format: png, jpg, webp or tiff.

    Args:
        picture: `[1,H,W,3]` float, 0..1; other values are clipped.
        path: the file to write.
        alpha: `[H,W]` float, 0 (clear) to 1 (opaque); None means opaque. JPEG ignores it.
        bits: bits per channel: 8, or 16 for png and tiff.
        dpi: pixels per inch, for printing; WebP cannot record it.
        text: {name: text} to put inside; the names begin with `nst.`. `read_texts` reads them.
        quick: compress a PNG of 8 bits less, in a fraction of the time; other formats ignore it.

    Raises:
        InputError: the suffix is unknown, its format does not support `bits`, or has no room for `text`.
    """
    path = Path(path)
    suffix = check_name("picture format", path.suffix.lstrip(".").lower().replace("jpeg", "jpg"), FORMATS)
    check_bits("bits", bits, [suffix])
    if text and not texts.fits(suffix, text):
        raise InputError(f"{path}: its texts are too long for {suffix}")
    if alpha is not None and suffix not in OPAQUE:
        picture = np.concatenate([np.asarray(picture), alpha[None, ..., None]], axis=-1)
    with atomic(path) as part:
        save(to_levels(picture, bits), part, suffix, dpi=dpi, text=text, quick=quick)


def check_dpi(what: str, dpi: object) -> float:
    """`dpi`, pixels per inch; an InputError unless it is a number from 1 to `MAX_DPI`."""
    return check_number(what, dpi, at_least=1, at_most=MAX_DPI)


def check_bits(what: str, bits: object, formats: Iterable[str]) -> None:
    """Raise an InputError unless `bits` per channel is 8 or 16 and each of `formats` supports it."""
    if bits not in (8, 16):
        raise InputError(f"{what} must be 8 or 16, not {bits}")
    for suffix in formats:
        if bits == 16 and suffix not in DEEP:
            raise InputError(f"{what}=16: {suffix} has only 8 bits; use {' or '.join(DEEP)}")
