"""Whether a run is done: its record is one that nst writes, and every file in it is there and whole."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nst.bounded import DataError, from_json
from nst.image.encode import FORMATS
from nst.runner.recorded import checked_record
from nst.runtime.data_files import read_text
from nst.runtime.regular import open_regular
from nst.state import Metric

MOST_PICTURE_BYTES = 2**32
PICTURE = "result.png"
NAMES = {PICTURE, *(f"result.{suffix}" for suffix in FORMATS)}


def record(path: Path) -> dict[str, Any]:
    """The record in a result.json.

    Raises:
        OSError, DataError: it cannot be read, or is not what nst writes.
    """
    found = checked_record(from_json(read_text(path, follow=False), path.name), path.name)
    if found["status"] == "done" and not _complete(found):
        raise DataError("a run that is done has an identity, all metrics, a size, a provenance, and a picture")
    if not NAMES.issuperset(found.get("files") or ()):
        raise DataError("its files have other names than those that nst writes")
    return found


def _complete(found: Mapping[str, Any]) -> bool:
    metrics = found.get("metrics") or {}
    measured = all(isinstance(metrics.get(metric.value, ""), int | float | None) for metric in Metric)
    named = PICTURE in (found.get("files") or ())
    return bool(measured and named and found.get("identity") and found.get("size") and found.get("provenance"))


def files(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """`{name: SHA-256}` of files in `folder`, for the record."""
    return {name: _digest(folder / name) for name in names}


def damaged(folder: Path, found: Mapping[str, Any]) -> dict[Path, str]:
    """`{path: why}` for each file of a finished run's record that is missing or not as it was written."""
    wrong = {folder / name: _changed(folder / name, digest) for name, digest in found["files"].items()}
    return {path: why for path, why in wrong.items() if why}


def _changed(path: Path, digest: object) -> str:
    """Why the file is not the one with this digest; empty if it is."""
    try:
        return "" if _digest(path) == digest else "it is not the file that was written"
    except FileNotFoundError:
        return "it is missing"
    except OSError as error:
        return str(error.strerror)


def _digest(path: Path) -> str:
    with open_regular(path, MOST_PICTURE_BYTES) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
