"""The one place where Pillow opens files: only formats that Pillow decodes in the process, and one-line errors.

Pillow gives other formats to other programs, whatever the file is called: PostScript, for example, to Ghostscript,
which executes it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BufferedReader
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from nst.errors import InputError
from nst.runtime.quiet import quiet
from nst.runtime.regular import open_input

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "JPEG2000")  # Pillow's names
NAMES = "JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF or JPEG 2000"
MAX_PIXELS = Image.MAX_IMAGE_PIXELS or 2**26  # Pillow's limit against decompression bombs
SLOW = {"AVIF": 2**25, "JPEG2000": 2**25}  # lower limits, because each pixel takes more time and memory
MAX_PASSES = 2e9  # pixels x scans of a JPEG; a progressive JPEG has about 10 scans
LONGEST = 120  # characters of a reason in a message
_CHUNK = 2**20


@cache
def formats() -> tuple[str, ...]:
    """Those of `FORMATS` that this Pillow knows."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def suffixes() -> set[str]:
    """The file name suffixes of `formats`, in lower case, like `.jpg`."""
    return {suffix for suffix, name in Image.registered_extensions().items() if name in formats()}


@contextmanager
def opened(path: Path, name: str) -> Iterator[Image.Image]:
    """Open a picture file with Pillow; messages call it `name`. Everything printed inside to stderr is discarded.

    Raises:
        InputError: the file is missing, not regular, not a picture of `FORMATS`, too large, or Pillow raises
            any exception for it, here or inside.
    """
    with open_input(path, name) as file, quiet():
        try:
            with Image.open(file, formats=formats()) as picture:
                _check_work(picture, file, name)
                yield picture
        except InputError:
            raise
        except Image.DecompressionBombError as error:
            raise _too_large(name, MAX_PIXELS) from error
        except UnidentifiedImageError as error:
            raise InputError(f"{name} is not a readable picture: save it as {NAMES}") from error
        except Exception as error:
            raise InputError(f"{name} is broken and cannot be read: {reason(error)}") from error


def _check_work(picture: Image.Image, file: BufferedReader, name: str) -> None:
    """Raise InputError if a small file would take much time or memory to decode."""
    pixels, most = picture.width * picture.height, SLOW.get(str(picture.format), MAX_PIXELS)
    tile = [getattr(picture, "tag_v2", {}).get(tag, 0) for tag in (322, 323)]  # width and height of a TIFF's tiles
    if max(pixels, int(tile[0]) * int(tile[1])) > most:
        raise _too_large(name, most)
    if picture.format in ("JPEG", "MPO") and (scans := _scans(file)) * pixels > MAX_PASSES:
        raise InputError(f"{name} has {scans} scans, too many for its size: save it as a baseline JPEG or as PNG")


def _scans(file: BufferedReader) -> int:
    """The number of scans of a JPEG: its markers FF DA. In compressed data, FF is followed by 0 or a restart marker."""
    count, before, place = 0, b"", file.tell()
    file.seek(0)
    while chunk := file.read(_CHUNK):
        count, before = count + (before + chunk).count(b"\xff\xda"), chunk[-1:]  # a marker may be in two chunks
    file.seek(place)
    return count


def _too_large(name: str, most: int) -> InputError:
    return InputError(f"{name} is too large: over {most / 1e6:.0f} million pixels")


def reason(error: Exception) -> str:
    """The first words of an error message: one line of printable characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(letter if letter.isprintable() else "?" for letter in text[:LONGEST])
