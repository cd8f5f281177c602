"""File locks between processes; the system releases them when a process ends."""

import logging
import os
import time
from pathlib import Path
from typing import IO

from filelock import lock_descriptor

from nst.errors import InputError
from nst.runtime import own_files
from nst.runtime.regular import descriptor

log = logging.getLogger(__name__)

NAME = ".lock"  # name of the lock file in a folder
PATIENCE = 0.75  # seconds; a report holds the lock briefly to test for a running process
_POLL = 0.05  # seconds
GLANCE = 0.1  # seconds; another process that only tests the lock has released it by then


class BusyError(InputError):
    """Another process is writing in the folder."""


class Held:
    """The held lock of a folder.

    Raises:
        OSError: the lock file `path` cannot be created.
        BusyError: another process holds the lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._acquire()

    def _acquire(self) -> None:
        """Open and lock the file; again if another process removed it in between."""
        while True:
            self._file = opened(self._path)
            if not hold(self._file, PATIENCE):
                self._file.close()
                raise BusyError(f"{self._path.parent}: another process is writing in this folder")
            if in_place(self._file, self._path):
                return
            self._file.close()

    def check(self) -> None:
        """Check that the lock file is still in place: a removed one keeps no process out. Lock again if possible.

        Raises:
            BusyError: another process has taken the folder.
        """
        if in_place(self._file, self._path):
            return
        if os.path.lexists(self._path):
            raise BusyError(f"{self._path.parent}: {NAME} was removed, and another process has taken this folder")
        log.warning("%s was removed during the run; it is locked again", self._path)
        self.release()
        self._acquire()

    def release(self) -> None:
        """Let other processes in."""
        self._file.close()


def hold(file: IO[str], seconds: float, *, required: bool = True) -> bool:
    """Lock an open file, waiting up to `seconds` for another process; return whether it is locked.

    Raises:
        OSError: the file system has no locks, and the lock is `required`; without, the file counts as locked.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            if lock_descriptor(file.fileno(), blocking=False):
                return True
        except OSError:
            if required:
                raise
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL)


def opened(path: Path) -> IO[str]:
    """Open the lock file `path` for `hold`; create it if it is missing. What is no regular file there is set aside.

    Raises:
        OSError: it cannot be created or written.
    """
    return os.fdopen(own_files.for_writing(path, os.O_WRONLY), "w", encoding="utf-8")


def in_place(file: IO[str], path: Path) -> bool:
    """Whether the open lock file is still the one at `path`; if it was removed, it keeps no process out."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.lstat())
    except OSError:
        return False


def held(path: Path, seconds: float = GLANCE) -> bool:
    """Whether another process holds the lock on the file `path`, for so many seconds."""
    try:
        with _to_test(path) as file:
            return not hold(file, seconds)
    except OSError:
        return False


def _to_test(path: Path) -> IO[str]:
    """Open an existing lock file; for writing if possible, because locks on NFS need that."""
    try:
        return os.fdopen(descriptor(path, os.O_RDWR, follow=False), "r+", encoding="utf-8")
    except OSError:
        return os.fdopen(descriptor(path, follow=False), encoding="utf-8")
