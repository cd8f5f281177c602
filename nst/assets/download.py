"""Download https addresses into files, with limits on size and time; pooch manages the cache.

A download enters the cache only after its check: its checksum, or the caller's `check`.
"""

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from nst.assets.cache import offline, places, writable
from nst.assets.unreachable import UnreachableError, attempt
from nst.errors import InputError
from nst.redaction import redacted, redacted_address, tagged_address
from nst.runtime.atomic import temporary

log = logging.getLogger(__name__)

Check = Callable[[Path, str], object]
"""Called with a file and its name for messages; raises InputError if the file is not of the expected kind."""


def download(
    url: str,
    checksum: str | None,
    folder: Path,
    *,
    file_name: str | None = None,
    max_bytes: int,
    seconds: float | None = None,
    remember: bool = False,
    check: Check | None = None,
) -> Path:
    """The file at `url`: from `folder` if it is there and right, else downloaded and checked.

    Args:
        url: an https address; redirections must be https, too.
        checksum: `algorithm:hex`; None accepts any content that passes `check`.
        folder: created if missing.
        file_name: name in `folder`; None for a name with a hash of `url`.
        max_bytes: size limit; a larger file raises.
        seconds: time limit of the whole download; None limits only the wait for the reply and between bytes.
        remember: remember a failure for a while (`nst.assets.unreachable`); for files that have a replacement.
        check: applied to a download before it is kept, and to a file in `folder`, which is replaced if it fails.

    Raises:
        UnreachableError: no response, an HTTP error, more than `seconds`, or downloads are forbidden.
        InputError: not https, too large, wrong checksum or content, or `folder` cannot be written.
    """
    shown = redacted_address(url)
    if not url.startswith("https://"):
        raise InputError(f"{shown}: only https addresses are allowed")
    allowed, name = math.inf if seconds is None else seconds, file_name or _name(url)
    folder = next((place for place in places(folder) if (place / name).exists()), None) or writable(folder)
    path = folder / name

    def fetch(url: str, output_file: str, _pooch: object) -> None:
        with attempt(shown, remember=remember, seconds=seconds):
            _fetch(url, Path(output_file), max_bytes, allowed)
        if check:
            check(Path(output_file), f"{shown}: the reply")

    try:
        with _room(path, shown, check):
            return _retrieved(url, checksum, path, fetch)
    except OSError as error:
        raise InputError(f"{shown} cannot be saved in {folder} ({error.strerror or error})") from error


def _name(url: str) -> str:
    """The name of a download in the cache; it does not depend on a password, and does not reveal the query."""
    from pooch.utils import unique_file_name

    try:
        return unique_file_name(tagged_address(url))
    except ValueError as error:
        raise InputError(f"{redacted_address(url)} is not a valid address") from error


@contextmanager
def _room(path: Path, shown: str, check: Check | None) -> Iterator[None]:
    """Rename the file `path` of the cache if it fails `check`; afterwards it is deleted if there is a new one, or kept.

    Raises:
        InputError: `path` is not a file, or it fails `check` and downloads are forbidden.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder where {shown} belongs; remove or rename it")
    reason = _broken(path, check)
    if not reason:
        yield
        return
    if offline():
        raise InputError(f"{reason}; it cannot be downloaded again, because NST_OFFLINE is set")
    log.warning("%s; it is downloaded again from %s", reason, shown)
    before = path.replace(temporary(path))
    try:
        yield
    finally:
        if path.exists():
            before.unlink()
        else:
            before.replace(path)


def _broken(path: Path, check: Check | None) -> str:
    """Why the file `path` fails `check`; empty if it does not, or does not exist."""
    try:
        if check and path.exists():
            check(path, str(path))
    except InputError as error:
        return str(error)
    return ""


def _retrieved(url: str, checksum: str | None, path: Path, fetch: Callable[..., None]) -> Path:
    """The file in pooch's cache, fetched by `fetch` if necessary."""
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    try:
        return Path(pooch.retrieve(url, checksum, fname=path.name, path=path.parent, downloader=cast(Any, fetch)))
    except InputError:
        raise
    except ValueError as error:  # from pooch: wrong checksum; from urllib3: invalid host
        wrong = "does not match" in str(error)
        says = f": the file's checksum is not {checksum}" if wrong else " is not a valid address"
        raise InputError(f"{redacted_address(url)}{says}") from error


def _fetch(url: str, output: Path, max_bytes: int, seconds: float) -> None:
    """Write the reply to `url` into `output`."""
    import requests

    from nst.assets.https import save_reply

    shown = redacted_address(url)
    try:
        save_reply(url, output, max_bytes, seconds)
    except requests.exceptions.InvalidSchema as error:
        raise InputError(f"{shown} redirects to an address that is not https ({redacted(str(error))})") from error
    except requests.RequestException as error:
        raise UnreachableError(f"{shown} cannot be reached ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return f"status {status}" if status else type(error).__name__
