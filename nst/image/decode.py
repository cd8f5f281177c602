"""Decode picture files into upright 8-bit sRGB pictures."""

import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageCms, ImageOps

from nst.assets.picture_file import opened, reason
from nst.errors import InputError
from nst.image.encode import srgb

log = logging.getLogger(__name__)

ORIENTATION = 0x0112  # EXIF tag
Remarks = list[tuple[int, str]]  # level and text of log lines
Taken = TypeVar("Taken")


def decode(path: Path, name: str) -> Image.Image:
    """The picture in a file: upright, mode RGB, sRGB, composited on white; messages call it `name`.

    Raises:
        InputError: the file is missing, is not a picture, is broken, or has too many pixels to decode safely.
    """
    return _opened(path, name, _to_rgb)


def decode_alpha(path: Path, name: str) -> Image.Image | None:
    """The alpha channel in a file, upright, mode L; None if the picture is fully opaque.

    Raises:
        InputError: as `decode`.
    """
    return _opened(path, name, _to_alpha)


def _opened(path: Path, name: str, taken: Callable[[Image.Image, str, Remarks], Taken]) -> Taken:
    """Open the file and return `taken(picture, name, remarks)`; the remarks are logged."""
    remarks: Remarks = []
    with opened(path, name) as file:  # this discards log lines on stderr
        file.load()
        found = taken(file, name, remarks)
    for level, text in remarks:
        log.log(level, "%s", text)
    return found


def _to_rgb(picture: Image.Image, name: str, remarks: Remarks) -> Image.Image:
    profile, transparent = picture.info.get("icc_profile"), picture.has_transparency_data
    picture = _at_eight_bits(picture, name, remarks)
    if picture.mode == "LAB":  # the mode alone defines the colors
        return picture.convert("RGB")
    if transparent:
        picture = _on_white(picture, name, remarks)
    return _to_srgb(picture, profile, name, remarks).convert("RGB")


def _to_alpha(picture: Image.Image, name: str, remarks: Remarks) -> Image.Image | None:
    if not picture.has_transparency_data:
        return None
    levels = _at_eight_bits(picture, name, remarks).convert("RGBA").getchannel("A")
    return levels if _hides(levels) else None


def _at_eight_bits(picture: Image.Image, name: str, remarks: Remarks) -> Image.Image:
    """`picture`, upright, 8 bits per channel; 16-bit gray with a transparent level gets an alpha channel."""
    clear = picture.info.get("transparency")
    picture = _upright(picture, name, remarks)
    if picture.mode == "F" or picture.mode.startswith("I"):
        picture = _from_deep_gray(picture, clear, name)
    return picture


def _hides(alpha: Image.Image) -> bool:
    return alpha.getextrema()[0] != 255


def _upright(picture: Image.Image, name: str, remarks: Remarks) -> Image.Image:
    try:
        turned = picture.getexif().get(ORIENTATION, 1) != 1  # else `exif_transpose` would copy the picture
        return ImageOps.exif_transpose(picture) if turned else picture
    except Exception as error:  # noqa: BLE001  Pillow raises many types for malformed tags
        remarks.append((logging.WARNING, f"{name}: its EXIF data is broken and is ignored ({reason(error)})"))
        return picture


def _from_deep_gray(picture: Image.Image, clear: int | None, name: str) -> Image.Image:
    """16-bit gray as 8-bit gray (Pillow would clip it); the level `clear`, if any, becomes transparent."""
    levels = np.asarray(picture)
    if picture.mode == "F" or levels.min() < 0 or levels.max() >= 2**16:
        raise InputError(f"{name} has values of an unknown range; save it with 8 or 16 bits")
    gray = Image.fromarray((levels >> 8).astype(np.uint8))
    if clear is not None:
        gray.putalpha(Image.fromarray(np.where(levels == clear, 0, 255).astype(np.uint8)))
    return gray


def _on_white(picture: Image.Image, name: str, remarks: Remarks) -> Image.Image:
    picture = picture if picture.mode == "RGBA" else picture.convert("RGBA")
    if not _hides(picture.getchannel("A")):
        return picture.convert("RGB")
    remarks.append((logging.INFO, f"{name} is partly transparent: composited on white"))
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)


def _to_srgb(picture: Image.Image, profile: bytes | None, name: str, remarks: Remarks) -> Image.Image:
    if not profile or profile == srgb():
        return picture
    if picture.mode not in ("RGB", "CMYK", "L"):
        picture = picture.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError) as error:
        remarks.append((logging.WARNING, f"{name}: its color profile is invalid and is ignored ({reason(error)})"))
        return picture
    return converted or picture
