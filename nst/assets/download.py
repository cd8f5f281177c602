"""https addresses -> files: checked, bounded in size and time, whole or not there. pooch keeps the cache."""

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from nst.assets.cache import writable
from nst.assets.unreachable import UnreachableError, attempt
from nst.errors import InputError

CONNECT_SECONDS = 4.0  # to reach an address at all
STALL_SECONDS = 15.0  # without a byte
_CHUNK = 2**16


def download(
    url: str,
    checksum: str | None,
    folder: Path,
    *,
    file_name: str | None = None,
    max_bytes: int,
    seconds: float | None = None,
    remember: bool = False,
) -> Path:
    """`url` as a file in `folder`: taken from there if it is there and sound, else fetched, checked and moved in.

    Args:
        url: https only, redirections included.
        checksum: `algorithm:hex`, or None to take what comes.
        folder: made when missing.
        file_name: name in `folder`; None for one that holds a hash of the url.
        max_bytes: a longer file is refused.
        seconds: give up after so long; None waits as long as bytes arrive.
        remember: whether a failure is remembered for a while (`nst.assets.unreachable`); for what has a replacement.

    Raises:
        UnreachableError: no answer, an answer other than a file, not within `seconds`, or downloads are forbidden.
        InputError: not https, too large, wrong checksum, or a folder that cannot be written.
    """
    if not url.startswith("https://"):
        raise InputError(f"{url}: only https addresses are read")
    folder, allowed = writable(folder), math.inf if seconds is None else seconds

    def fetch(url: str, output_file: str, _pooch: object) -> None:
        with attempt(url, remember=remember, seconds=seconds):
            _fetch(url, Path(output_file), max_bytes, allowed)

    try:
        return _retrieved(url, checksum, file_name, folder, fetch)
    except OSError as error:
        raise InputError(f"{url} cannot be kept in {folder} ({error})") from error


def _retrieved(url: str, checksum: str | None, name: str | None, folder: Path, fetch: Callable[..., None]) -> Path:
    """The file in pooch's cache, fetched by `fetch` if necessary."""
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    try:
        return Path(pooch.retrieve(url, checksum, fname=name, path=folder, downloader=cast(Any, fetch)))
    except InputError:
        raise
    except ValueError as error:  # pooch's for a wrong checksum, urllib3's for a host that cannot be one
        wrong = "does not match" in str(error)
        says = f": the file's checksum is not {checksum}" if wrong else f" is no address that can be read ({error})"
        raise InputError(f"{url}{says}") from error


def _fetch(url: str, output: Path, max_bytes: int, seconds: float) -> None:
    """Stream `url` into `output`."""
    import requests

    try:
        _stream(url, output, max_bytes, seconds)
    except requests.exceptions.InvalidSchema as error:
        raise InputError(f"{url} leads away from https ({error})") from error
    except requests.RequestException as error:
        raise UnreachableError(f"{url} cannot be reached ({_reason(error)})") from error


def _stream(url: str, output: Path, max_bytes: int, seconds: float) -> None:
    import requests
    from urllib3.exceptions import HTTPError

    deadline, patience = time.monotonic() + seconds, min(STALL_SECONDS, seconds)
    with requests.Session() as session, output.open("wb") as file:
        del session.adapters["http://"]  # nothing leads away from https
        with session.get(url, stream=True, timeout=(CONNECT_SECONDS, patience)) as reply:
            reply.raise_for_status()
            try:
                while chunk := reply.raw.read1(_CHUNK, decode_content=True):  # whatever has come, not a full chunk
                    file.write(chunk)
                    if file.tell() > max_bytes:
                        raise InputError(f"{url} is larger than {max_bytes / 2**20:.3g} MiB")
                    if time.monotonic() > deadline:
                        raise requests.Timeout(f"not within {seconds:.0f} s")
            except HTTPError as error:
                raise requests.ConnectionError(error) from error


def _reason(error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return f"status {status}" if status else type(error).__name__
