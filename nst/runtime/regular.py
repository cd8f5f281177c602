"""Open regular files only: a device, a pipe or a socket in place of a file could block, or never end."""

import errno
import os
import stat
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

from nst.errors import InputError, suggestion

# What a system lacks is 0: O_BINARY is Windows' alone, the others are those of POSIX.
NO_LINK = getattr(os, "O_NOFOLLOW", 0)
AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)  # a pipe or a terminal cannot block
BINARY = getattr(os, "O_BINARY", 0)

MOST_BYTES = 2**30  # a larger picture or file of weights is refused
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFLNK: "a link",
}


class UnfitError(OSError):
    """Not a regular file, or a file that is too large; `strerror` says which, like `it is a device, not a file`."""


def descriptor(path: Path, flags: int = os.O_RDONLY, *, follow: bool = True) -> int:
    """Open a regular file with `flags` of `os.open`; return its descriptor.

    Args:
        path: the file.
        flags: how to open it.
        follow: if false, a symbolic link is refused.

    Raises:
        UnfitError: it is not a regular file.
        OSError: it is missing, or cannot be opened.
    """
    with suppress(FileNotFoundError):
        _check_kind(path, os.stat(path, follow_symlinks=follow))  # noqa: PTH116  opening a device can have an effect
    links = 0 if follow else NO_LINK
    number = os.open(path, flags | links | AT_ONCE | BINARY, 0o666)
    try:
        state = os.fstat(number)
        _check_kind(path, state)  # the path may lead elsewhere since
        if not (follow or NO_LINK) and not os.path.samestat(state, path.lstat()):
            raise UnfitError(errno.ELOOP, "it is a link, not a file", str(path))
    except OSError:
        os.close(number)
        raise
    return number


def open_regular(path: Path, most: int = MOST_BYTES, *, follow: bool = True) -> BufferedReader:
    """Open a regular file of at most `most` bytes for reading.

    Raises:
        UnfitError, OSError: as `descriptor`; also if the file is larger.
    """
    file = os.fdopen(descriptor(path, follow=follow), "rb")
    size = os.fstat(file.fileno()).st_size
    if size > most:
        file.close()
        reason = f"it has {size / 2**20:.0f} MiB; at most {most / 2**20:.0f} MiB are read"
        raise UnfitError(errno.EFBIG, reason, str(path))
    return file


def open_input(path: Path, name: str, most: int = MOST_BYTES) -> BufferedReader:
    """`open_regular` for a file that the user names; messages call it `name`.

    Raises:
        InputError: it is missing, empty, not a regular file, larger than `most` bytes, or cannot be opened.
    """
    try:
        file = open_regular(path, most)
    except UnfitError as error:
        raise InputError(f"{name}: {error.strerror}") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"{name}: there is no such file{_neighbor(path)}") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        raise InputError(f"{name} cannot be opened ({getattr(error, 'strerror', None) or error})") from error
    if os.fstat(file.fileno()).st_size == 0:
        file.close()
        raise InputError(f"{name} is an empty file")
    return file


def _check_kind(path: Path, state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        kind = KINDS.get(stat.S_IFMT(state.st_mode), "not regular")
        raise UnfitError(errno.EINVAL, f"it is {kind}, not a file", str(path))


def _neighbor(path: Path) -> str:
    """A hint: the file with the most similar name in the same folder; empty if none is similar."""
    try:
        names = [p.name for p in path.parent.iterdir() if p.is_file()]
    except OSError:
        return ""
    hint = suggestion(path.name, names, cutoff=0.75)
    return hint if "did you mean" in hint else ""
