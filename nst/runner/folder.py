"""The run folder: locked while a run writes it; every file in it is complete or absent."""

import errno
import json
import logging
import math
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Self

from nst.bounded import DataError
from nst.errors import InputError
from nst.runner import finished
from nst.runtime import lock, logs, own_files, system
from nst.runtime.atomic import atomic, remove_left
from nst.runtime.file_names import check_folder
from nst.runtime.home import home

log = logging.getLogger(__name__)

RESULT, PICTURE, CONFIG, OVERRIDES = "result.json", finished.PICTURE, "config.yaml", "overrides.yaml"
LOG = "run.log"


class TakenError(InputError):
    """The folder holds another run."""


READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextmanager
def locked(path: Path) -> Iterator[lock.Held]:
    """Create the folder `path` if necessary, and lock it for this process while inside.

    Raises:
        InputError: it cannot be created.
        BusyError: another process is writing in it.
    """
    check_folder(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        held = lock.Held(path / lock.NAME)
    except OSError as error:
        raise _not_created(path, error) from error
    try:
        yield held
    finally:
        held.release()


def _not_created(path: Path, error: OSError) -> InputError:
    return InputError(f"{path}: the folder cannot be created or written ({error.strerror})")


class RunFolder:
    """A run folder; as a context manager, it is locked inside.

    A folder that has a record but cannot be written is opened read-only, to tell whether its run is done.

    Args:
        path: the folder.
        created: whether the command created it for this run; also true if there is no such folder yet.

    Attributes:
        path: the folder.
        read_only: the error that writing would give; None if the folder can be written.

    Raises:
        InputError: as `locked`.
    """

    def __init__(self, path: Path, *, created: bool = False) -> None:
        self.path = path
        self.read_only: InputError | None = None
        self._created, self._empty, self._given_up = created, False, False
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._created = self._created or not os.path.lexists(self.path)
        self._empty = _is_empty(self.path)
        try:
            self._lock = self._stack.enter_context(locked(self.path))
            remove_left(self.path)
        except InputError as error:
            unwritable = isinstance(error.__cause__, OSError) and error.__cause__.errno in READ_ONLY
            if not unwritable or self.record is None:
                raise
            self.read_only = error
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._given_up and not system.WINDOWS:  # while it is locked, which keeps other processes out
                self._remove()
        finally:
            self._stack.close()
        if self._given_up and system.WINDOWS:  # there, open files cannot be deleted
            self._remove()

    def _remove(self) -> None:
        with suppress(OSError):  # another process has begun a run in it
            for name in (LOG, lock.NAME):
                (self.path / name).unlink(missing_ok=True)
            if self._created:
                self.path.rmdir()

    def give_up(self) -> bool:
        """On exit, leave nothing of a run that has not begun, if the folder was empty; return whether it was.

        The folder is removed if it was created for this run.
        """
        names = {path.name for path in self.path.iterdir()}
        self._given_up = self._empty and names <= {LOG, lock.NAME}
        return self._given_up

    def log(self) -> AbstractContextManager[None]:
        """Append nst's log to run.log while inside, if the folder can be written."""
        return nullcontext() if self.read_only else logs.to_file(self.path / LOG)

    @property
    def record(self) -> dict[str, Any] | None:
        """The content of result.json; None if it is missing, unreadable, or not what nst writes."""
        try:
            return finished.record(self.path / RESULT)
        except (OSError, DataError):
            return None

    def claim(
        self, identity: str, begun: str | None = None, difference: Callable[[Mapping[str, Any]], str] = lambda _: ""
    ) -> dict[str, Any] | None:
        """The record of the run `identity` if it is done in this folder; None if the run may write here.

        A run is done if its record says so and every file in the record is whole; what is not is set aside.

        Args:
            identity: identity of the run to write.
            begun: identity in the folder's checkpoint, if it has one.
            difference: describes what differs from the run with a record, for the message.

        Raises:
            TakenError: the folder holds another run.
            InputError: the run is not done, and the folder cannot be written.
        """
        record = self.record or {}
        held = record.get("identity") or begun
        if held and held != identity:
            what = difference(record) or "other settings or pictures, or another version of nst"
            raise TakenError(f"{self.path} holds another run: {what}; choose another folder")
        done = record.get("status") == "done"
        damaged = finished.damaged(self.path, record) if done else {}
        if done and not damaged:
            return record
        if self.read_only:
            raise self.read_only
        for path, why in damaged.items():
            if os.path.lexists(path):
                own_files.set_aside(path, why)
            else:
                log.warning("%s: %s", path, why)
        if damaged:
            log.warning("the run begins again")
        if damaged or not record:
            self._set_record_aside()
        return None

    def _set_record_aside(self) -> None:
        path = self.path / RESULT
        if os.path.lexists(path):
            own_files.set_aside(path, "its pictures are not whole" if self.record else "it is not a record of nst")

    def check(self) -> None:
        """Check that this process may write here, before it writes a result.

        Raises:
            BusyError: another process has taken the folder.
            InputError: the folder cannot be written.
        """
        if self.read_only:
            raise self.read_only
        self._lock.check()

    def write_text(self, name: str, text: str) -> None:
        """Write a file of the folder, atomically.

        Raises:
            InputError: as `check`.
        """
        self.check()
        with atomic(self.path / name) as part:
            part.write_text(text, encoding="utf-8", newline="\n")

    def write_record(self, record: dict[str, Any]) -> None:
        """Write result.json, the last file of a run; what is no record there is set aside."""
        if self.record is None:
            self._set_record_aside()
        self.write_text(RESULT, json.dumps(finite(record), indent=2, allow_nan=False) + "\n")


def finite(value: Any) -> Any:
    """`value` with None for nan and infinity, which JSON lacks."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def point_latest(outputs: Path, picture: Path) -> None:
    """Link `outputs/latest.png` to the run's `picture`, if that is inside `outputs`; copy it if links are not possible.

    The link leads to the picture, because TensorBoard follows links to folders and would list the run twice.
    """
    latest = outputs / "latest.png"
    try:
        if not picture.resolve().is_relative_to(outputs.resolve()):
            return
        if own_files.is_folder(latest):
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        with atomic(latest) as part:
            _link(part, picture.resolve().relative_to(outputs.resolve()), picture)
    except OSError as error:
        log.info("%s does not lead to the new picture (%s)", latest, error.strerror)


def _link(path: Path, target: Path, picture: Path) -> None:
    """Create the link `path` to `target`, or a copy of `picture` there."""
    try:
        path.symlink_to(target)
    except (OSError, NotImplementedError):  # Windows allows links only to some users; some file systems have none
        shutil.copyfile(picture, path)


def at_home(value: Any) -> Any:
    """`value` with `~` for the home folder in all its strings, because pictures contain records."""
    if isinstance(value, dict):
        return {key: at_home(item) for key, item in value.items()}
    if isinstance(value, list):
        return [at_home(item) for item in value]
    if not isinstance(value, str) or (place := home()) in ("", "/"):
        return value
    return re.sub(re.escape(place) + r"(?![\w.-])", "~", value)


def _is_empty(path: Path) -> bool:
    """Whether there is no folder `path`, or nothing in it."""
    try:
        return not any(path.iterdir())
    except FileNotFoundError:
        return True
    except OSError:
        return False
