"""Encode arrays as picture files: 8 or 16 bits, with or without alpha, with an embedded sRGB profile."""

import struct
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from nst.image import texts

FORMATS: dict[str, dict[str, Any]] = {
    "png": {},
    "jpg": {"quality": 95, "subsampling": 0},
    "webp": {"quality": 95},
    "tiff": {"compression": "tiff_lzw"},
}
QUICK = 1  # level of zlib, the fastest that compresses
OPAQUE = ("jpg",)  # formats without alpha
SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOR_TYPES = {3: 2, 4: 6}  # {channels: PNG color type}
METERS_PER_INCH = 0.0254
UP = 2  # PNG filter type: difference to the row above
XMP = 700  # TIFF tag of an XMP packet
BYTE = 1  # TIFF type


@cache
def srgb() -> bytes:
    """The sRGB profile without its creation date, so that equal pictures give equal files."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)  # the date (ICC.1:2022, 7.2.10)
    profile[84:100] = bytes(16)  # the profile's digest (7.2.18); zero means absent
    return bytes(profile)


def save(
    levels: np.ndarray,
    path: Path,
    suffix: str,
    *,
    dpi: float | None = None,
    text: Mapping[str, str] | None = None,
    quick: bool = False,
) -> None:
    """Write `levels`, `[H,W,3]` or `[H,W,4]` with alpha, uint8 or uint16, as a `suffix` file.

    Args:
        levels: the values.
        path: the file.
        suffix: a key of `FORMATS`.
        dpi: pixels per inch; WebP has no place for it.
        text: texts to put inside, by `nst.image.texts`.
        quick: compress less, for PNG of 8 bits.
    """
    if levels.dtype == np.uint16:
        DEEP[suffix](levels, path, dpi, text)
        return
    more: dict[str, Any] = {}
    if text:
        xmp = texts.packet(text)
        more = {"png": {"pnginfo": texts.chunks(text)}, "tiff": {"tiffinfo": {XMP: xmp}}}.get(suffix, {"xmp": xmp})
    if quick and suffix == "png":
        more["compress_level"] = QUICK
    if dpi and suffix != "webp":
        more["dpi"] = (dpi, dpi)
    kind = {"jpg": "jpeg"}.get(suffix, suffix)
    Image.fromarray(levels).save(path, format=kind, icc_profile=srgb(), **FORMATS[suffix], **more)


def _deep_png(levels: np.ndarray, path: Path, dpi: float | None, text: Mapping[str, str] | None) -> None:
    """Write a 16-bit color PNG (W3C, PNG third edition), which Pillow does not support."""
    height, width, channels = levels.shape
    rows = np.ascontiguousarray(levels, ">u2").view(np.uint8).reshape(height, -1)
    filtered = np.diff(rows, axis=0, prepend=np.zeros_like(rows[:1]))
    data = np.insert(filtered, 0, UP, axis=1).tobytes()
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, COLOR_TYPES[channels], 0, 0, 0)),
        (b"iCCP", b"sRGB\0\0" + zlib.compress(srgb())),
        *([(b"pHYs", struct.pack(">IIB", *[round(dpi / METERS_PER_INCH)] * 2, 1))] if dpi else []),
        *(chunk[:2] for chunk in (texts.chunks(text).chunks if text else [])),
        (b"IDAT", zlib.compress(data)),
        (b"IEND", b""),
    ]
    path.write_bytes(SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _deep_tiff(levels: np.ndarray, path: Path, dpi: float | None, text: Mapping[str, str] | None) -> None:
    import tifffile

    alpha = ["unassalpha"] if levels.shape[2] == 4 else None
    xmp = texts.packet(text) if text else b""
    with path.open("wb") as file:
        tifffile.imwrite(
            file,
            levels,
            photometric="rgb",
            extrasamples=alpha,
            compression="zlib",
            iccprofile=srgb(),
            metadata=None,
            software=False,
            extratags=[(XMP, BYTE, len(xmp), xmp, True)] if xmp else (),
            **({"resolution": (dpi, dpi), "resolutionunit": "INCH"} if dpi else {}),
        )


DEEP: dict[str, Callable[[np.ndarray, Path, float | None, Mapping[str, str] | None], None]] = {
    "png": _deep_png,
    "tiff": _deep_tiff,
}
