"""Pins: the weights that the first run of a sweep chose for all its runs, in any process and on any day.

A single run makes its own choice.
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
        folder: folder of the sweep; None for a single run.
    """

    folder: Path | None = None

    def weights(self, name: str, choose: Callable[[], Weights | None]) -> Weights | None:
        """Return the weights stored under `name`; the first run stores the result of `choose`. None is a choice, too.

        Raises:
            UnreachableError: this machine does not have the stored weights.
            Exception: any error of `choose`; nothing is stored then.
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
        """Replace the choice stored under `name`, if there is one."""
        if self.folder and (path := self.folder / file_name(name)).is_file():
            with atomic(path) as part:
                part.write_text(json.dumps(weights.to_json() if weights else {}), encoding="utf-8")


SINGLE = Pins()


def file_name(name: str) -> str:
    """Return the name of the file in the sweep's folder that stores a choice."""
    return f".{name}-weights.json"


def _read(path: Path) -> dict[str, Any] | None:
    """Return the content of `path`; None if it is missing or unreadable."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stored if isinstance(stored, dict) else None


def _write_first(path: Path, chosen: dict[str, Any]) -> dict[str, Any]:
    """Write `chosen` unless another process was faster; return the content of the file."""
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
    """Create `path` with the content of `part`, at once; FileExistsError if `path` exists."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with path.open("x", encoding="utf-8") as file:
            file.write(part.read_text(encoding="utf-8"))
