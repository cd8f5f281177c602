"""Temporary files and folders of the system, with one error line if there is no place for them."""

import tempfile
from pathlib import Path
from typing import IO

from nst.errors import InputError


def file() -> IO[bytes]:
    """A file that is deleted when it is closed.

    Raises:
        InputError: no folder for temporary files can be written.
    """
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise _none(error) from error


def folder() -> Path:
    """A new folder, which the caller deletes.

    Raises:
        InputError: no folder for temporary files can be written.
    """
    try:
        return Path(tempfile.mkdtemp(prefix="nst-"))
    except OSError as error:
        raise _none(error) from error


def _none(error: OSError) -> InputError:
    why = str(error.strerror).partition(" in [")[0]  # Python lists the folders that it tried
    return InputError(f"no folder for temporary files can be written ({why}); set TMPDIR to one that can")
