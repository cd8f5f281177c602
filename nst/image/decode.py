"""Decode picture files that Pillow reads into upright 8-bit sRGB pictures."""

import io
import logging
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from nst.errors import InputError, suggestion
from nst.image.encode import srgb

log = logging.getLogger(__name__)

MAX_PIXELS = Image.MAX_IMAGE_PIXELS or 2**26  # Pillow's limit against decompression bombs

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


def _opened(path: Path, name: str, taken: Callable[[Image.Image, str], Taken]) -> Taken:
    """Open the file and return `taken(picture, name)`."""
    if os.path.isdir(path):  # noqa: PTH112  pathlib raises for names that are too long
        raise InputError(f"{name} is a folder, not a picture")
    if not os.path.isfile(path):  # noqa: PTH113
        raise InputError(f"{name}: there is no such file{_neighbour(path)}")
    if path.stat().st_size == 0:
        raise InputError(f"{name} is an empty file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about unusual metadata
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as file:
                file.load()
                return taken(file, name)
    except InputError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InputError(f"{name} is too large: over {MAX_PIXELS / 1e6:.0f} million pixels") from error
    except UnidentifiedImageError as error:
        raise InputError(f"{name} is not a picture in any supported format") from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        MemoryError,
        RuntimeError,
    ) as error:  # Pillow's errors for broken files
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise InputError(f"{name} is broken and cannot be read: {reason}") from error


def _neighbour(path: Path) -> str:
    """A hint: the file with the most similar name in the same folder; empty if none is similar."""
    try:
        names = [p.name for p in path.parent.iterdir() if p.is_file()]
    except OSError:
        return ""
    hint = suggestion(path.name, names, cutoff=0.75)
    return hint if "did you mean" in hint else ""


def _to_rgb(picture: Image.Image, name: str) -> Image.Image:
    profile, transparent = picture.info.get("icc_profile"), picture.has_transparency_data
    picture = _at_eight_bits(picture, name)
    if picture.mode == "LAB":  # the mode alone defines the colors
        return picture.convert("RGB")
    if transparent:
        picture = _on_white(picture, name)
    return _to_srgb(picture, profile, name).convert("RGB")


def _to_alpha(picture: Image.Image, name: str) -> Image.Image | None:
    if not picture.has_transparency_data:
        return None
    levels = _at_eight_bits(picture, name).convert("RGBA").getchannel("A")
    return levels if _hides(levels) else None


def _at_eight_bits(picture: Image.Image, name: str) -> Image.Image:
    """`picture`, upright, 8 bits per channel; 16-bit gray with a transparent level gets an alpha channel."""
    clear = picture.info.get("transparency")
    picture = _upright(picture, name)
    if picture.mode == "F" or picture.mode.startswith("I"):
        picture = _from_deep_gray(picture, clear, name)
    return picture


def _hides(alpha: Image.Image) -> bool:
    return alpha.getextrema()[0] != 255


def _upright(picture: Image.Image, name: str) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception as error:  # noqa: BLE001  Pillow raises many types for malformed tags
        log.warning("%s: its EXIF data is broken and is ignored (%s)", name, error)
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


def _on_white(picture: Image.Image, name: str) -> Image.Image:
    picture = picture.convert("RGBA")
    if not _hides(picture.getchannel("A")):
        return picture.convert("RGB")
    log.info("%s is partly transparent: composited on white", name)
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)


def _to_srgb(picture: Image.Image, profile: bytes | None, name: str) -> Image.Image:
    if not profile or profile == srgb():
        return picture
    if picture.mode not in ("RGB", "CMYK", "L"):
        picture = picture.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError) as error:
        log.warning("%s: its color profile is invalid and is ignored (%s)", name, error)
        return picture
    return converted or picture
