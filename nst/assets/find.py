"""Find the picture file for a catalogue name, a path or an address, and apply the `fallback` rule.

A catalogue name may have several sources. If the first cannot be reached, the next replaces it, if `fallback` is
true; this is logged as a warning and recorded in the `Asset`. A path or an address from the user has no replacement.
A wrong checksum is always an error.
"""

import importlib.resources
import logging
import os
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from nst.assets.cache import cache_folder, sha256
from nst.assets.download import Check, download
from nst.assets.unreachable import UnreachableError
from nst.errors import InputError, suggestion
from nst.redaction import redacted_address
from nst.runtime.home import expanded

log = logging.getLogger(__name__)

PICTURE_BYTES, PICTURE_SECONDS = 100 * 2**20, 120.0
CHECKSUM = re.compile(r"sha256=([0-9a-f]{64})")


@dataclass(frozen=True)
class Asset:
    """A picture file and its origin."""

    name: str  # the catalogue name, path or address as given
    path: Path
    sha256: str
    source: str  # the address, path, or path inside nst or another package that was used
    credit: str = ""
    instead_of: str = ""  # the unreachable source that this file replaces; empty for the first source


def catalogue() -> dict[str, dict[str, Any]]:
    """The named pictures: {name: {title, sources: [...]}}."""
    return yaml.safe_load((_bundled() / "catalogue.yaml").read_text("utf-8"))


def find(image: str, *, fallback: bool = True, check: Check | None = None) -> Asset:
    """The file behind a catalogue name, a path or an https address (`#sha256=...` optional).

    `check` is that of `nst.assets.download.download`, for addresses.

    Raises:
        InputError: neither a known name nor a file, an address that is not https, a wrong checksum, or an
            unreachable address without a replacement.
    """
    if "://" in image:
        return _download(image, image, check=check)
    return _from_catalogue(image, fallback) if image in catalogue() else _local(image)


def _local(image: str) -> Asset:
    path = expanded(image)
    if not os.path.exists(path) and not path.suffix and path.name == image:  # noqa: PTH110  and for long names
        raise InputError(
            f"picture '{image}' is neither a known name, a file nor a folder{suggestion(image, catalogue())}"
        )
    try:
        digest = sha256(path)
    except OSError:
        digest = ""  # read_image reports the problem
    return Asset(image, path, digest, str(path))


@lru_cache(maxsize=256)  # all runs of a sweep get the same file
def _from_catalogue(name: str, fallback: bool) -> Asset:
    sources, unreachable = catalogue()[name]["sources"], []
    for source in sources:
        try:
            asset = _from_source(name, source)
        except UnreachableError as error:
            unreachable.append(error)
            if not fallback and len(sources) > 1:
                raise InputError(f"{error}; fallback=true allows the bundled replacement of '{name}'") from error
            continue
        if not unreachable:
            return asset
        log.warning("%s: %s; replaced by: %s", name, unreachable[0], asset.credit)
        return replace(asset, instead_of=sources[0]["address"])
    raise unreachable[-1]


def _from_source(name: str, source: dict[str, str]) -> Asset:
    credit = source.get("credit", "")
    if "address" in source:
        return _download(name, source["address"], credit, replaceable=True)
    if "bundled" in source:
        path, label = _bundled() / source["bundled"], f"nst:bundled/{source['bundled']}"
    else:
        package, _, inside = source["package"].partition(":")
        path, label = Path(str(importlib.resources.files(package))) / inside, source["package"]
    return Asset(name, path, sha256(path), label, credit)


def _bundled() -> Path:
    return Path(__file__).parents[1] / "bundled"


@lru_cache(maxsize=256)
def _download(
    name: str, address: str, credit: str = "", replaceable: bool = False, check: Check | None = None
) -> Asset:
    url, mark, fragment = address.partition("#")
    wanted = CHECKSUM.fullmatch(fragment)
    if mark and not wanted:
        shown = redacted_address(url)
        raise InputError(f"{shown}: the part after # must be sha256= and 64 hexadecimal digits")
    checksum = f"sha256:{wanted[1]}" if wanted else None
    path = download(
        url,
        checksum,
        cache_folder() / "pictures",
        max_bytes=PICTURE_BYTES,
        seconds=PICTURE_SECONDS,
        remember=replaceable,
        check=check,
    )
    return Asset(name, path, sha256(path), address, credit)
