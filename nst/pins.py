"""What the first run of a sweep chose for all of its runs, in whatever process and on whatever day they are done.

A run that is not part of a sweep chooses for itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nst.extractor.imagenet import Weights


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
        path = self.folder / f".{name}-weights.json"
        told = _read(path)
        if told is None:
            chosen = choose()
            told = _write_first(path, chosen.to_json() if chosen else {})
        return Weights.from_json(told) if told else None


SINGLE = Pins()


def _read(path: Path) -> dict[str, Any] | None:
    """What was written to `path`; None if nothing was, or nothing that can be read."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def _write_first(path: Path, chosen: dict[str, Any]) -> dict[str, Any]:
    """Write `chosen`, unless another process was faster; what stands there in the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(chosen), encoding="utf-8")
    try:
        os.link(part, path)  # atomic, and fails if `path` exists
    except FileExistsError:
        return _read(path) or chosen
    except OSError:  # a file system without links
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return chosen
