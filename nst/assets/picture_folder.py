"""Paths that name several pictures: folders, and patterns like `photos/*.jpg`."""

import glob
import os
import re
from pathlib import Path

from nst.assets.find import catalogue
from nst.assets.picture_file import NAMES, suffixes
from nst.errors import InputError
from nst.runtime.home import expanded


def names_several(image: str) -> bool:
    """Whether `image` is a folder or a pattern; names of the catalogue, addresses and existing files are neither."""
    address = "://" in image or image.startswith(("http:", "https:"))  # also a mistyped one
    if not image or address or "\0" in image or image in catalogue():
        return False
    path = expanded(image)
    return os.path.isdir(path) or (glob.has_magic(image) and not os.path.lexists(path))  # noqa: PTH112


def pictures_in(image: str) -> list[str]:
    """The paths of the pictures in a folder, or of those that match a pattern; `[image]` if it names one picture.

    Numbers in the names are sorted as numbers. Subfolders, hidden files and files without the suffix of a picture are
    left out. Relative paths stay relative, and a leading `~` is kept.

    Raises:
        InputError: there are no pictures.
    """
    if not names_several(image):
        return [image]
    if found := _found(image):
        return sorted(found, key=_natural)
    problem = "is a folder without pictures" if os.path.isdir(expanded(image)) else "matches no pictures"  # noqa: PTH112
    raise InputError(f"{image} {problem}: nst reads {NAMES}")


def has_pictures(image: str) -> bool:
    """Whether there are pictures in a folder, or pictures that match a pattern."""
    return bool(_found(image))


def _found(image: str) -> list[str]:
    return _in_folder(image) if os.path.isdir(expanded(image)) else _matching(image)  # noqa: PTH112


def _in_folder(image: str) -> list[str]:
    try:
        names = os.listdir(expanded(image))  # noqa: PTH208
    except OSError as error:
        raise InputError(f"{image} cannot be read ({error.strerror})") from error
    paths = [os.path.join(image, name) for name in names if not name.startswith(".")]  # noqa: PTH118
    return [path for path in paths if _is_picture(path)]


def _matching(pattern: str) -> list[str]:
    """The pictures that match `pattern`, in which `**` stands for folders of any depth."""
    home = str(expanded("~"))
    found = glob.glob(str(expanded(pattern)), recursive=True)  # noqa: PTH207  keeps relative paths as they are
    if pattern.startswith("~/"):
        found = [f"~{path.removeprefix(home)}" for path in found]
    return [path for path in found if _is_picture(path)]


def _is_picture(path: str) -> bool:
    return Path(path).suffix.lower() in suffixes() and expanded(path).is_file()


def _natural(path: str) -> tuple[list[tuple[int, str]], str]:
    """A sort key that puts photo2 before photo10, and ignores case unless names differ in nothing else."""
    parts = re.split(r"(\d+)", path.casefold())
    return [(int(part), "") if k % 2 else (-1, part) for k, part in enumerate(parts)], path
