"""JPEG copies of pictures for a report: a large one and a thumbnail of each.

A source picture is displayed only if the file has the recorded checksum. A record can name any file of this machine.
"""

import hashlib
import io
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image

from nst.assets.cache import sha256
from nst.assets.picture_file import opened
from nst.errors import InputError, printable
from nst.report.out import Out
from nst.report.runs import Run
from nst.runtime.home import expanded

Key = TypeVar("Key")

FOLDER = "pictures"
COPY = re.compile(r"[0-9a-f]{16}(-small)?\.jpg")  # names of copies
LARGE, SMALL = 2048, 320  # largest long sides, in pixels


@dataclass(frozen=True)
class Displayed:
    """The copies of a picture in a report's folder."""

    large: Path
    small: Path
    size: tuple[int, int]  # width and height of the large copy


@dataclass(frozen=True)
class Original:
    """A source picture of runs."""

    role: str  # content, style, style/1
    name: str
    credit: str
    paths: tuple[Path, ...]  # recorded by its runs; unverified


def originals(runs: Iterable[Run]) -> dict[str, Original]:
    """Return {sha256: source picture} of all runs."""
    entries: dict[str, dict[Path, tuple[str, str, str]]] = {}
    for run in runs:
        for role, entry in run.pictures.items():
            path = expanded(str(entry.get("path")))
            about = (role, str(entry.get("name")), str(entry.get("credit") or ""))
            entries.setdefault(str(entry.get("sha256")), {})[path] = about
    return {digest: Original(*list(paths.values())[-1], tuple(paths)) for digest, paths in entries.items()}


class Copies:
    """The copies in the folder `pictures` of a report; a picture that has not changed is not copied again."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self._used: set[str] = set()

    def of_results(self, runs: Iterable[Run]) -> tuple[dict[Path, Displayed], list[str]]:
        """Copy the pictures of runs; return {path: its copies}, and one line for each that is broken or changed."""
        digests = {run.picture: run.picture_sha256 for run in runs if run.picture}
        made = self._each(self._result, list(digests.items()))
        return _split(dict(zip(digests, made, strict=True)))

    def of_originals(self, found: Mapping[str, Original]) -> tuple[dict[str, Displayed], list[str]]:
        """Copy source pictures; return {sha256: its copies}, and one line for each file that is missing or changed."""
        made = self._each(self._original, list(found.items()))
        return _split(dict(zip(found, made, strict=True)))

    def _each(self, make: Callable[..., Displayed | str], what: Sequence[object]) -> list[Displayed | str]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made = list(pool.map(make, what))
        copies = [copy for copy in made if isinstance(copy, Displayed)]
        self._used |= {f"{FOLDER}/{file.name}" for copy in copies for file in (copy.large, copy.small)}
        return made

    def tidy(self) -> None:
        """Delete copies that the report does not use; leave all other files."""
        for name in self._out.names(FOLDER):
            if name not in self._used and COPY.fullmatch(name.removeprefix(f"{FOLDER}/")):
                self._out.remove(name)

    def _result(self, entry: tuple[Path, str]) -> Displayed | str:
        """Copy the picture of a run; return its copies, or a line that says why there are none."""
        path, digest = entry
        try:
            if digest and sha256(path) != digest:
                return f"{path}: it is not the picture that the run wrote; it is not displayed"
            return self._copy(path)
        except (OSError, InputError) as error:
            reason = "there is no such file" if isinstance(error, FileNotFoundError) else "the picture is broken"
            return f"{path}: {reason}; it is not displayed"

    def _original(self, entry: tuple[str, Original]) -> Displayed | str:
        """Copy the first file that has the recorded checksum; return its copies, or a line if there is none."""
        digest, original = entry
        reason = "there is no such file"
        for path in original.paths:
            with suppress(OSError, ValueError):  # ValueError: a path with a null byte
                if sha256(path) == digest:
                    return self._result((path, digest))
                reason = "it is not the file that the run used"
        return f"{original.paths[0]}: {reason}; it is not displayed"

    def _copy(self, path: Path) -> Displayed:
        state = path.stat()
        name = hashlib.sha256(f"{path}{state.st_mtime_ns}{state.st_size}".encode(errors="surrogateescape"))
        large, small = (f"{FOLDER}/{name.hexdigest()[:16]}{end}.jpg" for end in ("", "-small"))
        size = self._size(large)
        if size is None or self._size(small, whole=True) is None:
            with opened(path, str(path)) as picture:
                rgb = picture.convert("RGB")
            rgb.thumbnail((LARGE, LARGE))
            tile = rgb.copy()
            tile.thumbnail((SMALL, SMALL), Image.Resampling.HAMMING)
            self._out.write(small, _jpeg(tile, 82))
            self._out.write(large, _jpeg(rgb, 90))  # written last: if it exists, both do
            size = rgb.size
        return Displayed(self._out.path / large, self._out.path / small, size)

    def _size(self, name: str, *, whole: bool = False) -> tuple[int, int] | None:
        """Return (width, height) of a copy; None if it is missing or broken, which `whole` checks to its end."""
        if not self._out.has(name):
            return None
        with suppress(InputError), opened(self._out.path / name, name) as picture:
            if whole:
                picture.load()
            return picture.size
        return None


def _split(made: dict[Key, Displayed | str]) -> tuple[dict[Key, Displayed], list[str]]:
    """Return the copies, and the lines of the pictures without."""
    displayed = {key: copy for key, copy in made.items() if isinstance(copy, Displayed)}
    return displayed, [printable(line) for line in made.values() if isinstance(line, str)]


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
