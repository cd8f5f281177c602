"""Copies of pictures as a report shows them: one as large as it is, one as small as a tile; both JPEG."""

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
COPY = re.compile(r"\.?[0-9a-f]{16}(-small)?\.jpg(\.part)?")  # their names
LARGE, SMALL = 2048, 320  # long sides at most, in pixels


@dataclass(frozen=True)
class Displayed:
    """A picture in a report's folder."""

    large: Path
    small: Path
    size: tuple[int, int]  # width and height of the large one


@dataclass(frozen=True)
class Original:
    """A picture that runs were made of."""

    role: str  # content, style, style/1
    name: str
    credit: str
    path: Path


def originals(runs: Iterable[Run]) -> dict[str, Original]:
    """{sha256: picture} that the runs were made of."""
    return {
        str(entry.get("sha256")): Original(
            role, str(entry.get("name")), str(entry.get("credit") or ""), Path(str(entry.get("path"))).expanduser()
        )
        for run in runs
        for role, entry in run.pictures.items()
    }


class Copies:
    """The copies in `folder`/pictures. What was copied before and has not changed is not copied again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        self._used: set[str] = set()

    def make(self, paths: Sequence[Path]) -> tuple[dict[Path, Displayed], list[str]]:
        """{path: its copies}, and a line for each that is missing or broken."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made = dict(zip(paths, pool.map(_try, repeat(self._folder), paths), strict=False))
        displayed = {path: copy for path, copy in made.items() if isinstance(copy, Displayed)}
        self._used |= {file.name for copy in displayed.values() for file in (copy.large, copy.small)}
        return displayed, [f"{path}: {why}" for path, why in made.items() if isinstance(why, str)]

    def tidy(self) -> None:
        """Take away copies that nothing shows any more; what somebody else put there stays."""
        for file in self._folder.iterdir():
            if file.name not in self._used and COPY.fullmatch(file.name):
                file.unlink()


def _try(folder: Path, path: Path) -> Displayed | str:
    """The copies of a picture, or why there are none."""
    try:
        return _copy(folder, path)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else "the picture is broken"
        return f"{reason} and is not displayed"


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
    with atomic(large) as part:  # the last to be there: where it is, both are
        rgb.save(part, "JPEG", quality=90)
    return Displayed(large, small, rgb.size)
