"""An open folder, in which files are reached by name and no link is followed.

POSIX systems keep the folder open, so that nothing can take its place. Windows cannot: there, each name is checked
before it is used, and a link that is made between check and use may be followed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nst.runtime import atomic, system
from nst.runtime.regular import AT_ONCE, BINARY, NO_LINK

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | NO_LINK
_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT: Windows' link to a folder, which any user may make


@dataclass(frozen=True)
class OpenFolder:
    """A folder.

    Args:
        path: its path.
        number: its descriptor; None on Windows.
    """

    path: Path
    number: int | None

    @contextmanager
    def folder(self, name: str) -> Iterator[OpenFolder]:
        """Open the folder `name` in this one; it is created if necessary.

        Raises:
            OSError: it is a link, or not a folder.
        """
        with suppress(FileExistsError):
            os.mkdir(self._at(name), dir_fd=self.number)
        with _opened(self._at(name), self.path / name, self.number) as below:
            yield below

    def open(self, name: str, flags: int) -> int:
        """The descriptor of a file, opened with `flags` of `os.open`.

        Raises:
            OSError: it is a link, or cannot be opened.
        """
        if self.number is None and _is_link(self.path / name):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(self.path / name))
        return os.open(self._at(name), flags | NO_LINK | AT_ONCE | BINARY, 0o666, dir_fd=self.number)

    def replace(self, part: str, name: str) -> None:
        """Rename the file `part` to `name`, in the place of what is there."""
        if self.number is None:
            atomic.renamed(self.path / part, self.path / name)
        else:
            os.replace(part, name, src_dir_fd=self.number, dst_dir_fd=self.number)

    def remove(self, name: str) -> None:
        """Delete a file or a link, if it exists; a folder is left."""
        state = self._state(name)
        if state and not stat.S_ISDIR(state.st_mode):
            os.unlink(self._at(name), dir_fd=self.number)

    def has(self, name: str) -> bool:
        """Whether a regular file `name` exists."""
        state = self._state(name)
        return state is not None and stat.S_ISREG(state.st_mode)

    def names(self) -> list[str]:
        """The names of everything in the folder."""
        return os.listdir(self.path if self.number is None else self.number)  # noqa: PTH208  an open folder

    def _at(self, name: str) -> str:
        return str(self.path / name) if self.number is None else name

    def _state(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(self._at(name), dir_fd=self.number, follow_symlinks=False)
        except OSError:
            return None


@contextmanager
def opened(path: Path) -> Iterator[OpenFolder]:
    """Open an existing folder.

    Raises:
        OSError: it is a link, or not a folder.
    """
    with _opened(str(path), path, None) as folder:
        yield folder


@contextmanager
def _opened(name: str, path: Path, within: int | None) -> Iterator[OpenFolder]:
    if system.WINDOWS:
        if _is_link(path) or not path.is_dir():
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
        yield OpenFolder(path, None)
        return
    number = os.open(name, _FOLDER, dir_fd=within)
    try:
        yield OpenFolder(path, number)
    finally:
        os.close(number)


def _is_link(path: Path) -> bool:
    try:
        state = path.lstat()
    except OSError:
        return False
    return stat.S_ISLNK(state.st_mode) or getattr(state, "st_reparse_tag", 0) == _JUNCTION
