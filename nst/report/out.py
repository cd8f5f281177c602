"""The folder of a report. It may come from anybody, so nothing in it is read or written through a symbolic link."""

import errno
import math
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from nst.errors import InputError
from nst.runtime import lock
from nst.runtime.atomic import PART, temporary

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
LINKS = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK)  # a link, or a file, in the place of a folder


class Out:
    """A folder in which every file is complete or absent. Files have names like `pictures/a.jpg`.

    Args:
        path: the folder; it is created if necessary.

    Raises:
        InputError: it is a link.
        OSError: it cannot be created.
    """

    def __init__(self, path: Path) -> None:
        if path.is_symlink():
            raise InputError(f"{path} is a link, and reports are not written through links; --out names a folder")
        path.mkdir(parents=True, exist_ok=True)
        self.path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder for this process while inside; wait for another process."""
        with self._inside(lock.NAME) as (folder, name):
            number = os.open(name, FILE | os.O_RDWR | os.O_CREAT, 0o666, dir_fd=folder)
        with os.fdopen(number, "r+") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise InputError(f"{self.path / lock.NAME} is not a file; delete it")
            lock.hold(file, math.inf, required=False)
            self._remove_left("")
            yield

    def write(self, name: str, data: bytes) -> None:
        """Write a file, and the folder that it is in."""
        with self._inside(name) as (folder, last):
            part = temporary(Path(last)).name
            number = os.open(part, FILE | os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=folder)
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(data)
                os.replace(part, last, src_dir_fd=folder, dst_dir_fd=folder)
            finally:
                _remove(folder, part)

    def write_text(self, name: str, text: str) -> None:
        """Write a file as UTF-8; names of files that are not UTF-8 are escaped."""
        self.write(name, text.encode("utf-8", errors="backslashreplace"))

    def has(self, name: str) -> bool:
        """Whether a regular file exists."""
        with self._inside(name) as (folder, last):
            try:
                return stat.S_ISREG(os.stat(last, dir_fd=folder, follow_symlinks=False).st_mode)
            except OSError:
                return False

    def names(self, folder: str) -> list[str]:
        """The names of everything in a folder, like `pictures/a.jpg`; the folder is created if necessary.

        Temporary files that a killed process has left are deleted first.
        """
        self._remove_left(f"{folder}/")
        with self._inside(f"{folder}/") as (number, _):
            return [f"{folder}/{name}" for name in os.listdir(number)]  # noqa: PTH208  of an open folder

    def remove(self, name: str) -> None:
        """Delete a file, if it exists."""
        with self._inside(name) as (folder, last):
            _remove(folder, last)

    def _remove_left(self, name: str) -> None:
        """Delete the temporary files in the folder that `name` is in."""
        with self._inside(name) as (folder, _):
            for part in filter(PART.fullmatch, os.listdir(folder)):  # noqa: PTH208  of an open folder
                _remove(folder, part)

    @contextmanager
    def _inside(self, name: str) -> Iterator[tuple[int, str]]:
        """Open the folder that `name` is in, step by step, and yield its descriptor and the last part of the name.

        Raises:
            OSError: a step is a link, or a call inside fails; the error names the file.
        """
        *folders, last = name.split("/")
        try:
            with ExitStack() as stack:
                number = _opened_folder(stack, str(self.path), None)
                for part in folders:
                    _make(part, number)
                    number = _opened_folder(stack, part, number)
                yield number, last
        except OSError as error:
            reason = "it is a link, or not a folder" if error.errno in LINKS else error.strerror
            raise OSError(error.errno, reason, str(self.path / name)) from error


def _opened_folder(stack: ExitStack, name: str, within: int | None) -> int:
    number = os.open(name, FOLDER, dir_fd=within)
    stack.callback(os.close, number)
    return number


def _make(name: str, within: int) -> None:
    try:
        os.mkdir(name, dir_fd=within)
    except FileExistsError:
        return


def _remove(folder: int, name: str) -> None:
    """Delete a file, if it exists; a folder is left."""
    with suppress(FileNotFoundError, IsADirectoryError):
        os.unlink(name, dir_fd=folder)
