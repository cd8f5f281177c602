"""A name, a path or an address -> a file on this machine. The fallback rule lives here, and only here.

A catalogue name may list several sources. When the first cannot be reached, the next stands in for it, if
`fallback` allows it; a WARNING says so and the `Asset` records it. A path or an address given by the user has no
stand-in, and a file whose checksum is wrong is an error whoever asked for it.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import logging
import os
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import platformdirs
import yaml

from nst.errors import InputError, suggestion

log = logging.getLogger(__name__)

CONNECT_SECONDS = 4.0  # to reach an address at all
STALL_SECONDS = 15.0  # without a byte
PICTURE_BYTES = 100 * 2**20
_CHUNK = 2**16


@dataclass(frozen=True)
class Asset:
    """A file that serves, and how it came to."""

    name: str  # as it was asked for
    path: Path
    sha256: str
    source: str  # the address, or the path inside nst or another package, that served
    credit: str = ""
    instead_of: str = ""  # the source that could not be reached; empty where the first one served


class UnreachableError(InputError):
    """An address that does not answer; the one failure for which a stand-in may serve."""


def catalogue() -> dict[str, dict[str, Any]]:
    """The pictures nst knows by name: {name: {title, sources: [...]}}."""
    return yaml.safe_load((_bundled() / "catalogue.yaml").read_text())


def cache_folder() -> Path:
    """Where downloads are kept: `NST_CACHE`, or the user's cache folder."""
    return Path(os.environ.get("NST_CACHE") or platformdirs.user_cache_dir("nst", appauthor=False))


def find(image: str, *, fallback: bool = True) -> Asset:
    """The file behind a catalogue name, a path or an https address (`#sha256=...` optional).

    Raises:
        InputError: unknown name and no such file, an address that is not https, a wrong checksum, or an address
            that cannot be reached and has no stand-in.
    """
    if "://" in image:
        return _download(image, image)
    return _from_catalogue(image, fallback) if image in catalogue() else _local(image)


def _local(image: str) -> Asset:
    path = Path(image).expanduser()
    if not path.exists() and not path.suffix and path.name == image:
        raise InputError(f"picture '{image}' is neither a name nor a file{suggestion(image, catalogue())}")
    digest = sha256(path) if path.is_file() else ""  # what is wrong with it is for image.read to say
    return Asset(image, path, digest, str(path))


@lru_cache(maxsize=256)  # a sweep asks once, and gets one answer
def _from_catalogue(name: str, fallback: bool) -> Asset:
    first, *stand_ins = catalogue()[name]["sources"]
    try:
        return _from_source(name, first)
    except UnreachableError as error:
        if not stand_ins:
            raise
        if not fallback:
            raise InputError(f"{error}; with fallback=true '{name}' has a bundled stand-in") from error
        asset = _from_source(name, stand_ins[0], instead_of=first["address"])
        log.warning("%s: %s; standing in for it: %s", name, error, asset.credit)
        return asset


def _from_source(name: str, source: dict[str, str], instead_of: str = "") -> Asset:
    credit = source.get("credit", "")
    if "address" in source:
        return _download(name, source["address"], credit)
    if "bundled" in source:
        path, label = _bundled() / source["bundled"], f"nst:bundled/{source['bundled']}"
    else:
        package, _, inside = source["package"].partition(":")
        path, label = Path(str(importlib.resources.files(package))) / inside, source["package"]
    return Asset(name, path, sha256(path), label, credit, instead_of)


def _bundled() -> Path:
    return Path(__file__).parent / "bundled"


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=256)
def _download(name: str, address: str, credit: str = "") -> Asset:
    url, _, wanted = address.partition("#sha256=")
    path = download(url, f"sha256:{wanted}" if wanted else None, cache_folder() / "pictures", max_bytes=PICTURE_BYTES)
    return Asset(name, path, sha256(path), address, credit)


def download(
    url: str,
    checksum: str | None,
    folder: Path,
    *,
    file_name: str | None = None,
    max_bytes: int,
    seconds: float | None = None,
) -> Path:
    """`url` as a file in `folder`: taken from there if it is there and sound, else fetched, checked and moved in.

    Args:
        url: https only, redirections included.
        checksum: `algorithm:hex`, or None to take what comes.
        folder: made when missing.
        file_name: name in `folder`; None for one that holds a hash of the url.
        max_bytes: a longer file is refused.
        seconds: give up after so long; None waits as long as bytes arrive.

    Raises:
        UnreachableError: no answer, an answer other than a file, or not within `seconds`.
        InputError: not https, too large, wrong checksum, or a folder that cannot be written.
    """
    import pooch
    import requests

    if not url.startswith("https://"):
        raise InputError(f"{url}: only https addresses are read")

    def fetch(url: str, output_file: str, _pooch: object) -> None:
        _fetch(url, Path(output_file), max_bytes, seconds)

    pooch.get_logger().setLevel(logging.WARNING)
    try:
        return Path(pooch.retrieve(url, checksum, fname=file_name, path=folder, downloader=cast(Any, fetch)))
    except requests.RequestException as error:
        raise UnreachableError(f"{url} cannot be reached ({type(error).__name__})") from error
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{url}: the file's checksum is not {checksum}") from error
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from error


def _fetch(url: str, output: Path, max_bytes: int, seconds: float | None) -> None:
    import requests

    deadline = time.monotonic() + seconds if seconds else None
    with requests.get(url, stream=True, timeout=(CONNECT_SECONDS, STALL_SECONDS)) as reply, output.open("wb") as file:
        reply.raise_for_status()
        if not reply.url.startswith("https://"):
            raise InputError(f"{url} leads away from https, to {reply.url}")
        for chunk in reply.iter_content(_CHUNK):
            file.write(chunk)
            if file.tell() > max_bytes:
                raise InputError(f"{url} is larger than {max_bytes // 2**20} MiB")
            if deadline and time.monotonic() > deadline:
                raise requests.Timeout(f"not within {seconds:.0f} s")
