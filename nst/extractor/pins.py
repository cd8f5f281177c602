"""Pins: the weights that the first run of a sweep chose for all its runs, in any process and on any day.

A single run makes its own choice.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nst.extractor.imagenet import KERAS, Weights
from nst.runtime import own_files
from nst.runtime.atomic import atomic, temporary
from nst.runtime.data_files import read_json


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
            if os.path.lexists(path) and _read(path) is None:
                own_files.set_aside(path, "it does not name weights")
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
    """Return the content of `path`; None if it is missing, unreadable, or not a choice."""
    try:
        stored = read_json(path, follow=False)
    except (OSError, ValueError):
        return None
    return stored if stored == {} or _is_choice(stored) else None


def _is_choice(stored: Any) -> bool:
    """Whether `stored` has the fields of `Weights`, all of them text."""
    fields = Weights.__dataclass_fields__.keys()
    known = isinstance(stored, dict) and {"network", "path", "sha256"} <= stored.keys() <= fields
    return known and all(isinstance(value, str) for value in stored.values()) and stored["network"] in KERAS


def _write_first(path: Path, chosen: dict[str, Any]) -> dict[str, Any]:
    """Write `chosen` unless another process was faster; return the content of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = temporary(path)
    try:
        part.write_text(json.dumps(chosen), encoding="utf-8")
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
