"""Memory of unreachable sources, shared by all processes, so that a later command does not wait again."""

import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nst.assets.cache import cache_folder, offline
from nst.errors import InputError
from nst.runtime.atomic import atomic
from nst.runtime.data_files import read_json

log = logging.getLogger(__name__)

FILE = "unreachable.json"  # in the cache folder
REMEMBERED = 600.0  # seconds
NETWORK_SETTINGS = re.compile(r"PIP_\w+|\w+_PROXY", re.IGNORECASE)  # environment variables that affect downloads


class UnreachableError(InputError):
    """A source cannot be reached; the next source, or a bundled file, may replace it."""


class LocalError(UnreachableError):
    """This machine or environment cannot use a source; the failure is not remembered."""


@contextmanager
def forbidden() -> Iterator[None]:
    """Forbid downloads inside."""
    before = os.environ.get("NST_OFFLINE")
    os.environ["NST_OFFLINE"] = "1"
    try:
        yield
    finally:
        os.environ.pop("NST_OFFLINE")
        if before is not None:
            os.environ["NST_OFFLINE"] = before


@contextmanager
def attempt(source: str, *, remember: bool, seconds: float | None = None) -> Iterator[None]:
    """Context for a download of `source`.

    Args:
        source: an address or a name.
        remember: remember a failure, and raise a remembered failure at once.
        seconds: time limit of the attempt; a failure is remembered only for attempts with the same limit.

    Raises:
        UnreachableError: `NST_OFFLINE` is set, or `source` failed within the last 10 minutes.
    """
    if offline():
        raise UnreachableError(f"{source} is not downloaded, because NST_OFFLINE is set")
    failures = _read() if remember else {}
    if (key := _key(source, seconds)) in failures:
        when, reason = failures[key]
        minutes = max(1, round((REMEMBERED - time.time() + when) / 60))
        log.info("%s: the next attempt is in %d min, or now with python -m nst.fetch", source, minutes)
        raise UnreachableError(reason)
    try:
        yield
    except LocalError:
        raise
    except UnreachableError as error:
        if remember:
            _write({**_read(), key: (time.time(), str(error))})
        raise


def forget() -> None:
    """Delete the memory, so that every source is tried again."""
    with suppress(OSError):
        _file().unlink(missing_ok=True)


def _file() -> Path:
    return cache_folder() / FILE


def _key(source: str, seconds: float | None) -> str:
    """`source` with its limit and a hash of the network settings: a change of these permits a new attempt."""
    settings = sorted(item for item in os.environ.items() if NETWORK_SETTINGS.fullmatch(item[0]))
    return f"{source} {seconds} {hashlib.sha256(repr(settings).encode()).hexdigest()[:12]}"


def _read() -> dict[str, tuple[float, str]]:
    """{key: (time, reason)} of recent failures."""
    try:
        found = read_json(_file())
        entries = {str(key): (float(when), str(reason)) for key, (when, reason) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    now = time.time()
    return {key: entry for key, entry in entries.items() if 0 <= now - entry[0] < REMEMBERED}


def _write(failures: dict[str, tuple[float, str]]) -> None:
    with suppress(OSError):  # without a writable cache, only waiting times grow
        _file().parent.mkdir(parents=True, exist_ok=True)
        with atomic(_file()) as part:
            part.write_text(json.dumps(failures), encoding="utf-8")
