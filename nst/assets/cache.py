"""The cache folder for downloads, shared by all processes of a user."""

import atexit
import hashlib
import logging
import os
import shutil
from functools import lru_cache
from pathlib import Path

import platformdirs

from nst.runtime import temporary
from nst.runtime.home import expanded
from nst.runtime.regular import open_regular

log = logging.getLogger(__name__)

OFF = ("", "0", "false", "no", "off")  # values of `NST_OFFLINE` that allow downloads


def cache_folder() -> Path:
    """The folder for downloads: `NST_CACHE`, or else the user's cache folder.

    A user without a home folder, as in containers, gets a temporary folder of this process.
    """
    folder = expanded(os.environ.get("NST_CACHE") or platformdirs.user_cache_dir("nst", appauthor=False))
    return _temporary() if folder.parts[:1] == ("~",) else folder


def offline() -> bool:
    """Whether `NST_OFFLINE` forbids every download."""
    return os.environ.get("NST_OFFLINE", "").lower() not in OFF


def writable(folder: Path) -> Path:
    """`folder`, created if necessary; if it cannot be written, a temporary folder of this process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
        reason = "no permission"
    except OSError as error:
        reason = str(error.strerror)
    if not offline():
        log.warning("%s cannot be written (%s): downloads are kept for this run only", folder, reason)
    return _temporary()


def places(folder: Path) -> list[Path]:
    """The folders to search for files of `folder`: itself, and the temporary folder if this process uses one."""
    return [folder, _temporary()] if _temporary.cache_info().currsize else [folder]


@lru_cache(maxsize=1)
def _temporary() -> Path:
    folder = temporary.folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file; computed once per process unless the file changes."""
    return digest(path, "sha256")


def digest(path: Path, algorithm: str) -> str:
    """Hexadecimal digest of a file by any algorithm of `hashlib`; cached like `sha256`.

    Raises:
        OSError: it cannot be read, is not a regular file, or is too large.
    """
    state = path.stat()
    return _digest(path, algorithm, state.st_size, state.st_mtime_ns, state.st_ino)


@lru_cache(maxsize=1024)
def _digest(path: Path, algorithm: str, *_state: int) -> str:
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size == 0:  # a file of /proc has no size, and may have no end
            return hashlib.new(algorithm).hexdigest()
        return hashlib.file_digest(file, algorithm).hexdigest()
