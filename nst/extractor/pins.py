"""What the first run of a sweep chose for all of its runs, in whatever process and on whatever day they are done.

A run that is not part of a sweep chooses for itself.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from nst.extractor.imagenet import Weights
from nst.runtime.atomic import atomic


@dataclass(frozen=True)
class Pins:
    """The choices of a sweep.

    Args:
        folder: of the sweep; None for a single run.
    """

    folder: Path | None = None

    def weights(self, name: str, choose: Callable[[], Weights | None]) -> Weights | None:
        """The weights chosen under `name` by the first run that asked, by `choose`; None if that chose none.

        Raises:
            UnreachableError: this machine does not have the weights that were chosen.
            Exception: whatever `choose` raises; then nothing is chosen yet.
        """
        if self.folder is None:
            return choose()
        path = self.folder / file_name(name)
        stored = _read(path)
        if stored is None:
            chosen = choose()
            stored = _write_first(path, chosen.to_json() if chosen else {})
        return Weights.from_json(stored) if stored else None

    def replace(self, name: str, weights: Weights | None) -> None:
        """Choose anew, if the folder is a sweep that has chosen."""
        if self.folder and (path := self.folder / file_name(name)).is_file():
            with atomic(path) as part:
                part.write_text(json.dumps(weights.to_json() if weights else {}), encoding="utf-8")


SINGLE = Pins()


def file_name(name: str) -> str:
    """Where in a sweep's folder a choice stands."""
    return f".{name}-weights.json"


def _read(path: Path) -> dict[str, Any] | None:
    """What was written to `path`; None if nothing was, or nothing that can be read."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stored if isinstance(stored, dict) else None


def _write_first(path: Path, chosen: dict[str, Any]) -> dict[str, Any]:
    """Write `chosen`, unless another process was faster; what stands there in the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    part.write_text(json.dumps(chosen), encoding="utf-8")
    try:
        _link(part, path)
    except FileExistsError:
        stored = _read(path)
        return chosen if stored is None else stored
    finally:
        part.unlink(missing_ok=True)
    return chosen


def _link(part: Path, path: Path) -> None:
    """Give `part` the name `path` as well, unless there is such a file."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        with path.open("x", encoding="utf-8") as file:
            file.write(part.read_text(encoding="utf-8"))
