"""The run folder: locked while a run writes it; every file in it is complete or absent."""

import json
import logging
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from nst.errors import InputError
from nst.runtime import lock
from nst.runtime.atomic import atomic

log = logging.getLogger(__name__)

PATIENCE = 0.75  # seconds; a report holds the lock briefly to test for a running process
RESULT, PICTURE, CONFIG, OVERRIDES = "result.json", "result.png", "config.yaml", "overrides.yaml"


class BusyError(InputError):
    """Another process is writing in the folder."""


class TakenError(InputError):
    """The folder holds another run."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Create the folder `path` if necessary, and lock it for this process while inside.

    Raises:
        InputError: it cannot be created.
        BusyError: another process is writing in it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        file = (path / lock.NAME).open("w")
    except OSError as error:
        raise InputError(f"{path}: the folder cannot be created ({error.strerror})") from error
    with file:
        if not lock.hold(file, PATIENCE):
            raise BusyError(f"{path}: another process is writing in this folder")
        yield


class RunFolder:
    """A run folder; as a context manager, it is locked inside.

    Raises:
        InputError: as `locked`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        self._lock = locked(self.path)
        self._lock.__enter__()
        for torn in self.path.rglob(".*.part"):  # left by a killed process
            torn.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.__exit__(None, None, None)

    @property
    def record(self) -> dict[str, Any] | None:
        """The content of result.json; None if it is missing or unreadable."""
        try:
            return json.loads((self.path / RESULT).read_text())
        except (OSError, ValueError):
            return None

    def claim(self, identity: str, begun: str | None = None) -> dict[str, Any] | None:
        """The record of the run `identity` if it is done in this folder; None if the run may write here.

        Args:
            identity: identity of the run to write.
            begun: identity in the folder's checkpoint, if it has one.

        Raises:
            TakenError: the folder holds another run.
        """
        record = self.record or {}
        held = record.get("identity") or begun
        if held and held != identity:
            raise TakenError(
                f"{self.path} holds a run with other settings or pictures, or of another version of nst; "
                f"choose another folder"
            )
        return record if held and record.get("status") == "done" else None

    def write_text(self, name: str, text: str) -> None:
        """Write a file of the folder, atomically."""
        with atomic(self.path / name) as part:
            part.write_text(text, encoding="utf-8")

    def write_record(self, record: dict[str, Any]) -> None:
        """Write result.json, the last file of a run."""
        self.write_text(RESULT, json.dumps(_finite(record), indent=2, allow_nan=False) + "\n")


def _finite(value: Any) -> Any:
    """`value` with None for nan and infinity, which JSON lacks."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def point_latest(outputs: Path, picture: Path) -> None:
    """Link `outputs/latest.png` to the run's `picture`, if that is inside `outputs`.

    The link leads to the picture, because TensorBoard follows links to folders and would list the run twice.
    """
    if not picture.resolve().is_relative_to(outputs.resolve()):
        return
    part = outputs / f".latest.{os.getpid()}"
    try:
        part.unlink(missing_ok=True)
        part.symlink_to(picture.resolve().relative_to(outputs.resolve()))
        part.replace(outputs / "latest.png")
    except OSError as error:  # for example, a file system without links
        log.info("%s cannot be linked (%s)", outputs / "latest.png", error.strerror)


def at_home(value: Any) -> Any:
    """`value` with `~` for the home folder in all its strings, because pictures contain records."""
    if isinstance(value, dict):
        return {key: at_home(item) for key, item in value.items()}
    if isinstance(value, list):
        return [at_home(item) for item in value]
    home = str(Path.home())
    return re.sub(re.escape(home) + r"(?![\w.-])", "~", value) if isinstance(value, str) and home != "/" else value
