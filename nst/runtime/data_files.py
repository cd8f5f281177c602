"""Reads files of YAML and JSON that anybody may have written: regular files of bounded size, read by `nst.bounded`."""

from pathlib import Path
from typing import Any

from nst import bounded
from nst.runtime.regular import open_regular


def read_text(path: Path, most: int = bounded.BYTES, *, follow: bool = True) -> str:
    """The text of a file.

    Args:
        path: a regular file.
        most: its largest size, in bytes.
        follow: if false, a symbolic link is refused.

    Raises:
        OSError: it is missing, cannot be opened, is not a regular file, or is larger.
        DataError: it is not UTF-8.
    """
    with open_regular(path, most, follow=follow) as file:
        data = file.read(most + 1) or b""  # None: a file of /proc without data
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise bounded.DataError(f"{path}: it is not UTF-8") from error


def read_json(path: Path, *, follow: bool = True) -> Any:
    """The value of a JSON file.

    Raises:
        OSError, DataError: as `read_text` and `nst.bounded.from_json`.
    """
    return bounded.from_json(read_text(path, follow=follow), str(path))
