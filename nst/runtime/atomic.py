"""Atomic writes: a file is complete or absent, even if the process is killed.

Only this module makes the names of temporary files, and only it deletes those that a killed process has left.
"""

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nst.runtime import system
from nst.runtime.own_files import is_folder, set_aside

PART = re.compile(r"\..+\.[0-9a-f]{16}\.nst-part", re.DOTALL)  # names of temporary files
LONGEST = 100  # bytes of the file's own name in that of its temporary file
PATIENCE = 2.0  # seconds; on Windows a file that another program has open cannot be replaced
_POLL = 0.05  # seconds


def temporary(path: Path) -> Path:
    """A new name for a temporary file beside `path`: it cannot be guessed, and no other program makes such names."""
    name = os.fsdecode(os.fsencode(path.name)[:LONGEST])
    return path.with_name(f".{name}.{secrets.token_hex(8)}.nst-part")


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path; rename it to `path` on success, delete it on failure.

    A link at `path` is replaced, not followed. A folder there is set aside.
    """
    part = temporary(path)
    try:
        yield part
        replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def replace(part: Path, path: Path) -> None:
    """Rename the temporary file `part` to `path`; a folder there is set aside.

    Raises:
        OSError: as `renamed`.
    """
    if is_folder(path):
        set_aside(path, "it is a folder")
    renamed(part, path)


def renamed(part: Path, path: Path) -> None:
    """Rename the file `part` to `path`, in the place of a file there.

    Raises:
        OSError: it cannot be renamed; on Windows, also if another program has `path` open for `PATIENCE` seconds.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            part.replace(path)
        except PermissionError:
            if not system.WINDOWS or time.monotonic() >= deadline:
                raise
            time.sleep(_POLL)
        else:
            return


def remove_left(folder: Path) -> None:
    """Delete the temporary files in `folder`, but not in folders below it. No other process may be writing there."""
    for path in list(folder.iterdir()):
        if PART.fullmatch(path.name) and not is_folder(path):
            with suppress(OSError):  # another user's
                path.unlink()
