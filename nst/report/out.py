"""The folder of a report. It may come from anybody, so nothing in it is read or written through a symbolic link."""

import errno
import math
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from nst.errors import InputError
from nst.runtime import lock
from nst.runtime.atomic import PART, temporary
from nst.runtime.open_folder import OpenFolder, opened

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
            number = folder.open(name, os.O_RDWR | os.O_CREAT)
        with os.fdopen(number, "r+", encoding="utf-8") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise InputError(f"{self.path / lock.NAME} is not a file; delete it")
            lock.hold(file, math.inf, required=False)
            self._remove_left("")
            yield

    def write(self, name: str, data: bytes) -> None:
        """Write a file, and the folder that it is in."""
        with self._inside(name) as (folder, last):
            part = temporary(Path(last)).name
            number = folder.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(data)
                folder.replace(part, last)
            finally:
                folder.remove(part)

    def write_text(self, name: str, text: str) -> None:
        """Write a file as UTF-8; names of files that are not UTF-8 are escaped."""
        self.write(name, text.encode("utf-8", errors="backslashreplace"))

    def has(self, name: str) -> bool:
        """Whether a regular file exists."""
        with self._inside(name) as (folder, last):
            return folder.has(last)

    def names(self, folder: str) -> list[str]:
        """The names of everything in a folder, like `pictures/a.jpg`; the folder is created if necessary.

        Temporary files that a killed process has left are deleted first.
        """
        self._remove_left(f"{folder}/")
        with self._inside(f"{folder}/") as (found, _):
            return [f"{folder}/{name}" for name in found.names()]

    def remove(self, name: str) -> None:
        """Delete a file, if it exists."""
        with self._inside(name) as (folder, last):
            folder.remove(last)

    def _remove_left(self, name: str) -> None:
        """Delete the temporary files in the folder that `name` is in."""
        with self._inside(name) as (folder, _):
            for part in filter(PART.fullmatch, folder.names()):
                folder.remove(part)

    @contextmanager
    def _inside(self, name: str) -> Iterator[tuple[OpenFolder, str]]:
        """Open the folder that `name` is in, step by step, and yield it with the last part of the name.

        Raises:
            OSError: a step is a link, or a call inside fails; the error names the file.
        """
        *folders, last = name.split("/")
        try:
            with ExitStack() as stack:
                folder = stack.enter_context(opened(self.path))
                for part in folders:
                    folder = stack.enter_context(folder.folder(part))
                yield folder, last
        except OSError as error:
            reason = "it is a link, or not a folder" if error.errno in LINKS else error.strerror
            raise OSError(error.errno, reason, str(self.path / name)) from error
