"""Sources that could not be reached, remembered for a while by all processes, so that no command waits twice."""

import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nst.assets.cache import cache_folder
from nst.errors import InputError
from nst.runtime.atomic import atomic

log = logging.getLogger(__name__)

FILE = "unreachable.json"  # in the cache folder
REMEMBERED = 600.0  # seconds
NETWORK_SETTINGS = re.compile(r"PIP_\w+|\w+_PROXY", re.IGNORECASE)  # environment variables that decide what is reached
OFF = ("", "0", "false", "no", "off")  # values of `NST_OFFLINE` that forbid nothing


class UnreachableError(InputError):
    """A source that does not answer: the next source, or a bundled file, may replace it."""


class LocalError(UnreachableError):
    """A source that this machine or environment cannot use; that says nothing about the source."""


def offline() -> bool:
    """Whether `NST_OFFLINE` forbids every download."""
    return os.environ.get("NST_OFFLINE", "").lower() not in OFF


@contextmanager
def forbidden() -> Iterator[None]:
    """No download inside."""
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
    """Download `source` inside.

    Args:
        source: an address, or the name of a source.
        remember: whether a failure is remembered, and a remembered one raised at once.
        seconds: that the attempt may take; a failure is remembered for attempts of the same length only.

    Raises:
        UnreachableError: `NST_OFFLINE` is set, or `source` could not be reached a short while ago.
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
    """Try every source again."""
    with suppress(OSError):
        _file().unlink(missing_ok=True)


def _file() -> Path:
    return cache_folder() / FILE


def _key(source: str, seconds: float | None) -> str:
    """`source` with the settings under which it was tried: whoever changes them need not wait."""
    settings = sorted(item for item in os.environ.items() if NETWORK_SETTINGS.fullmatch(item[0]))
    return f"{source} {seconds} {hashlib.sha256(repr(settings).encode()).hexdigest()[:12]}"


def _read() -> dict[str, tuple[float, str]]:
    """{key: (when, why)} of recent failures."""
    try:
        found = json.loads(_file().read_text(encoding="utf-8"))
        entries = {str(key): (float(when), str(reason)) for key, (when, reason) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    now = time.time()
    return {key: entry for key, entry in entries.items() if 0 <= now - entry[0] < REMEMBERED}


def _write(failures: dict[str, tuple[float, str]]) -> None:
    with suppress(OSError):  # a cache that cannot be written costs waiting only
        _file().parent.mkdir(parents=True, exist_ok=True)
        with atomic(_file()) as part:
            part.write_text(json.dumps(failures), encoding="utf-8")
