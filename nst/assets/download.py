"""Download https addresses into files, with limits on size and time; pooch manages the cache."""

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from nst.assets.cache import writable
from nst.assets.unreachable import UnreachableError, attempt
from nst.errors import InputError

CONNECT_SECONDS = 4.0  # limit for connecting
STALL_SECONDS = 15.0  # limit for waiting without receiving a byte
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
    """The file at `url`: from `folder` if it is there with the right checksum, else downloaded and checked.

    Args:
        url: an https address; redirections must be https, too.
        checksum: `algorithm:hex`; None accepts any content.
        folder: created if missing.
        file_name: name in `folder`; None for a name with a hash of `url`.
        max_bytes: size limit; a larger file raises.
        seconds: time limit of the download; None waits as long as bytes arrive.
        remember: remember a failure for a while (`nst.assets.unreachable`); for files that have a replacement.

    Raises:
        UnreachableError: no response, an HTTP error, more than `seconds`, or downloads are forbidden.
        InputError: not https, too large, wrong checksum, or `folder` cannot be written.
    """
    if not url.startswith("https://"):
        raise InputError(f"{url}: only https addresses are allowed")
    folder, allowed = writable(folder), math.inf if seconds is None else seconds

    def fetch(url: str, output_file: str, _pooch: object) -> None:
        with attempt(url, remember=remember, seconds=seconds):
            _fetch(url, Path(output_file), max_bytes, allowed)

    try:
        return _retrieved(url, checksum, file_name, folder, fetch)
    except OSError as error:
        raise InputError(f"{url} cannot be saved in {folder} ({error})") from error


def _retrieved(url: str, checksum: str | None, name: str | None, folder: Path, fetch: Callable[..., None]) -> Path:
    """The file in pooch's cache, fetched by `fetch` if necessary."""
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    try:
        return Path(pooch.retrieve(url, checksum, fname=name, path=folder, downloader=cast(Any, fetch)))
    except InputError:
        raise
    except ValueError as error:  # from pooch: wrong checksum; from urllib3: invalid host
        wrong = "does not match" in str(error)
        says = f": the file's checksum is not {checksum}" if wrong else f" is not a valid address ({error})"
        raise InputError(f"{url}{says}") from error


def _fetch(url: str, output: Path, max_bytes: int, seconds: float) -> None:
    """Stream `url` into `output`."""
    import requests

    try:
        _stream(url, output, max_bytes, seconds)
    except requests.exceptions.InvalidSchema as error:
        raise InputError(f"{url} redirects to an address that is not https ({error})") from error
    except requests.RequestException as error:
        raise UnreachableError(f"{url} cannot be reached ({_reason(error)})") from error


def _stream(url: str, output: Path, max_bytes: int, seconds: float) -> None:
    import requests
    from urllib3.exceptions import HTTPError

    deadline, patience = time.monotonic() + seconds, min(STALL_SECONDS, seconds)
    with requests.Session() as session, output.open("wb") as file:
        del session.adapters["http://"]  # reject redirections to http
        with session.get(url, stream=True, timeout=(CONNECT_SECONDS, patience)) as reply:
            reply.raise_for_status()
            try:
                while chunk := reply.raw.read1(_CHUNK, decode_content=True):  # returns before the chunk is full
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
