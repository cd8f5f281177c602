"""The cache folder for downloads, shared by all processes of a user."""

import atexit
import hashlib
import logging
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

import platformdirs

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """The folder for downloads: `NST_CACHE`, or else the user's cache folder."""
    return Path(os.environ.get("NST_CACHE") or platformdirs.user_cache_dir("nst", appauthor=False))


def writable(folder: Path) -> Path:
    """`folder`, created if necessary; if it cannot be written, a temporary folder of this process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
        reason = "no permission"
    except OSError as error:
        reason = str(error.strerror)
    log.warning("%s cannot be written (%s): downloads are kept for this run only", folder, reason)
    return _temporary()


def places(folder: Path) -> list[Path]:
    """The folders to search for files of `folder`: itself, and the temporary folder if this process uses one."""
    return [folder, _temporary()] if _temporary.cache_info().currsize else [folder]


@lru_cache(maxsize=1)
def _temporary() -> Path:
    folder = tempfile.mkdtemp(prefix="nst-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file; computed once per process unless the file changes."""
    return digest(path, "sha256")


def digest(path: Path, algorithm: str) -> str:
    """Hexadecimal digest of a file by any algorithm of `hashlib`; cached like `sha256`."""
    state = path.stat()
    return _digest(path, algorithm, state.st_size, state.st_mtime_ns, state.st_ino)


@lru_cache(maxsize=1024)
def _digest(path: Path, algorithm: str, *_state: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
