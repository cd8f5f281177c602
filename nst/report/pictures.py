"""JPEG copies of pictures for a report: a large one and a thumbnail of each."""

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from PIL import Image

from nst.report.runs import Run
from nst.runtime.atomic import atomic

FOLDER = "pictures"
COPY = re.compile(r"\.?[0-9a-f]{16}(-small)?\.jpg(\.part)?")  # names of copies
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
    path: Path


def originals(runs: Iterable[Run]) -> dict[str, Original]:
    """Return {sha256: source picture} of all runs."""
    return {
        str(entry.get("sha256")): Original(
            role, str(entry.get("name")), str(entry.get("credit") or ""), Path(str(entry.get("path"))).expanduser()
        )
        for run in runs
        for role, entry in run.pictures.items()
    }


class Copies:
    """The copies in `folder`/pictures; a picture that has not changed is not copied again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        self._used: set[str] = set()

    def make(self, paths: Sequence[Path]) -> tuple[dict[Path, Displayed], list[str]]:
        """Copy pictures; return {path: its copies}, and one line for each picture that is missing or broken."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made = dict(zip(paths, pool.map(_try, repeat(self._folder), paths), strict=False))
        displayed = {path: copy for path, copy in made.items() if isinstance(copy, Displayed)}
        self._used |= {file.name for copy in displayed.values() for file in (copy.large, copy.small)}
        return displayed, [f"{path}: {why}" for path, why in made.items() if isinstance(why, str)]

    def tidy(self) -> None:
        """Delete copies that the report does not use; leave all other files."""
        for file in self._folder.iterdir():
            if file.name not in self._used and COPY.fullmatch(file.name):
                file.unlink()


def _try(folder: Path, path: Path) -> Displayed | str:
    """Copy a picture; return its copies, or why there are none."""
    try:
        return _copy(folder, path)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else "the picture is broken"
        return f"{reason}; it is not displayed"


def _copy(folder: Path, path: Path) -> Displayed:
    state = path.stat()
    name = hashlib.sha256(f"{path}{state.st_mtime_ns}{state.st_size}".encode()).hexdigest()[:16]
    large, small = folder / f"{name}.jpg", folder / f"{name}-small.jpg"
    if large.is_file():
        with Image.open(large) as picture:
            return Displayed(large, small, picture.size)
    with Image.open(path) as picture:
        rgb = picture.convert("RGB")
    rgb.thumbnail((LARGE, LARGE))
    tile = rgb.copy()
    tile.thumbnail((SMALL, SMALL), Image.Resampling.HAMMING)
    tile.save(small, "JPEG", quality=82)
    with atomic(large) as part:  # written last: if it exists, both do
        rgb.save(part, "JPEG", quality=90)
    return Displayed(large, small, rgb.size)
