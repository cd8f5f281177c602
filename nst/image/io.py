"""Where files, Pillow, 8-bit numbers and the picture in memory meet, and nowhere else.

The picture in memory is float32, RGB, sRGB-encoded, `[1,H,W,3]`, 0..1.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from nst.errors import InputError, check_count, check_name
from nst.image.decode import MAX_PIXELS, decode, decode_alpha
from nst.image.encode import DEEP, FORMATS, OPAQUE, save
from nst.runtime.atomic import atomic

MIN_SIDE = 32  # the deepest layers see a picture of this side as 2x2 positions
Size = int | tuple[int, int]
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green, blue: ITU-R BT.601


def check_size(size: object) -> Size:
    """`size` as the long side in pixels, or as (height, width); InputError when it is neither or too small."""
    if isinstance(size, Iterable) and not isinstance(size, str):
        sides = [check_count("size", side, at_least=MIN_SIDE) for side in size]
        if len(sides) != 2:
            raise InputError(f"size must be the long side or [height, width], not {sides}")
        return sides[0], sides[1]
    return check_count("size", size, at_least=MIN_SIDE)


def fit(shape: Sequence[int], size: Size) -> tuple[int, int]:
    """(height, width) of `shape` brought to `size`: a long side keeps the aspect ratio, a pair is taken as it is."""
    if isinstance(size, tuple):
        return size
    height, width = shape
    scale = size / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def read_image(
    path: str | Path, size: Size | None = None, *, name: str | None = None, smallest: int = MIN_SIDE
) -> np.ndarray:
    """The picture in a file.

    Orientation is applied, an embedded color profile converted to sRGB, transparency composited on white, every
    color mode brought to RGB; of an animation the first frame is taken. 16-bit files are read at 8 bits.

    Args:
        path: JPEG, PNG, WebP, TIFF, BMP, GIF or whatever else Pillow reads.
        size: long side in pixels, or (height, width); None keeps the file's own.
        name: what to call the picture in messages, in place of the path.
        smallest: the least short side, in pixels, at `size`.

    Returns:
        `[1,H,W,3]` float32, RGB 0..1.

    Raises:
        InputError: the file is missing, no picture, broken, too large to be decoded safely, or its short side is
            under `smallest` at `size`.
    """
    name = name or str(path)
    picture = decode(Path(path), name)
    if size is not None:
        height, width = fit((picture.height, picture.width), size)
        check_short_side(name, height, width, smallest)
        if height * width > MAX_PIXELS:
            raise InputError(f"{name} at {width}x{height} would be over {MAX_PIXELS / 1e6:.0f} million pixels")
        picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    check_short_side(name, picture.height, picture.width, smallest)
    return np.asarray(picture, np.float32)[None] / np.float32(255)


def read_result(path: Path) -> np.ndarray:
    """The colors of a picture that nst wrote, whatever its transparency: `[H,W,3]` uint8.

    Raises:
        InputError: it is missing or broken.
    """
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} is missing, or no picture that can be read") from error


def read_alpha(path: str | Path, height: int, width: int) -> np.ndarray | None:
    """`[height,width]` float32, 0 where the picture in a file is clear to 1; None where it hides nothing.

    Raises:
        InputError: as `read`.
    """
    levels = decode_alpha(Path(path), str(path))
    if levels is None:
        return None
    levels = levels.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(levels, np.float32) / np.float32(255)


def check_short_side(name: str, height: int, width: int, smallest: int = MIN_SIDE) -> None:
    """Refuse, with an InputError, a picture whose short side is too small for the network."""
    if min(height, width) < smallest:
        raise InputError(
            f"{name}: the short side must be at least {smallest} pixels, not {width}x{height} (ask for a larger size)"
        )


def check_picture(name: str, picture: object) -> None:
    """Refuse, with an InputError, what is no picture in memory: another shape, or values far from 0..1."""
    if not isinstance(picture, np.ndarray) or picture.ndim != 4 or picture.shape[0] != 1 or picture.shape[3] != 3:
        raise InputError(f"{name} must be an array [1,H,W,3], not {getattr(picture, 'shape', type(picture).__name__)}")
    if not (np.isfinite(picture).all() and picture.min() >= -1 and picture.max() <= 2):
        raise InputError(f"{name} must hold values in 0..1, not {picture.min():g}..{picture.max():g}")


def resize(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """`picture` `[1,h,w,3]` at `[1,height,width,3]`: antialiased Lanczos on floats, clipped to 0..1."""
    if picture.shape[1:3] == (height, width):
        return picture
    channels = [Image.fromarray(np.ascontiguousarray(picture[0, :, :, c], np.float32)) for c in range(3)]
    resized = [np.asarray(c.resize((width, height), Image.Resampling.LANCZOS)) for c in channels]
    return np.stack(resized, axis=-1)[None].clip(0, 1)


def to_levels(picture: Any, bits: int = 8) -> np.ndarray:
    """`[1,H,W,C]` float, 0..1, as `[H,W,C]` uint8, or uint16 for 16 `bits`: rounded, what lies outside clipped."""
    most, kind = {8: (255, np.uint8), 16: (65535, np.uint16)}[bits]
    return np.rint(np.clip(np.asarray(picture)[0], 0, 1) * most).astype(kind)


def to_uint8(picture: Any) -> np.ndarray:
    """`to_levels` of 8 bits."""
    return to_levels(picture)


def from_uint8(picture: np.ndarray) -> np.ndarray:
    """The inverse of `to_uint8`: `[H,W,3]` uint8 as `[1,H,W,3]` float32, 0..1."""
    return picture[None].astype(np.float32) / np.float32(255)


def write_image(
    picture: Any,
    path: str | Path,
    *,
    alpha: np.ndarray | None = None,
    bits: int = 8,
    text: PngImagePlugin.PngInfo | None = None,
) -> None:
    """Write `picture` `[1,H,W,3]` in the format of the suffix (png, jpg, webp, tiff), atomically, as sRGB.

    Args:
        picture: float, 0..1.
        path: where to.
        alpha: `[H,W]` float, 0..1, how much of it hides what is behind; JPEG has none.
        bits: 8, or 16 for png and tiff.
        text: what a PNG has inside.

    Raises:
        InputError: unknown suffix, or one that has no such bits.
    """
    path = Path(path)
    suffix = check_name("picture format", path.suffix.lstrip(".").lower().replace("jpeg", "jpg"), FORMATS)
    check_bits("bits", bits, [suffix])
    if alpha is not None and suffix not in OPAQUE:
        picture = np.concatenate([np.asarray(picture), alpha[None, ..., None]], axis=-1)
    with atomic(path) as part:
        save(to_levels(picture, bits), part, suffix, text)


def check_bits(what: str, bits: object, formats: Iterable[str]) -> None:
    """Refuse, with an InputError, bits per channel that there are not, or that one of `formats` does not have."""
    if bits not in (8, 16):
        raise InputError(f"{what} must be 8 or 16, not {bits}")
    for suffix in formats:
        if bits == 16 and suffix not in DEEP:
            raise InputError(f"{what}=16: {suffix} has 8 bits; 16 are for {' and '.join(DEEP)}")
