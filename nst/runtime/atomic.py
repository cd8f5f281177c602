"""Atomic writes: a file is complete or absent, even if the process is killed.

Only this module makes the names of temporary files, and only it deletes those that a killed process has left.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nst.runtime.own_files import is_folder, set_aside

PART = re.compile(r"\..+\.[0-9a-f]{16}\.nst-part", re.DOTALL)  # names of temporary files
LONGEST = 100  # bytes of the file's own name in that of its temporary file


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
    """Rename the temporary file `part` to `path`; a folder there is set aside."""
    if is_folder(path):
        set_aside(path, "it is a folder")
    part.replace(path)


def remove_left(folder: Path) -> None:
    """Delete the temporary files in `folder`, but not in folders below it. No other process may be writing there."""
    for path in list(folder.iterdir()):
        if PART.fullmatch(path.name) and not is_folder(path):
            with suppress(OSError):  # another user's
                path.unlink()
