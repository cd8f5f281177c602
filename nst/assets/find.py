"""A name, a path or an address -> a file on this machine. The fallback rule lives here, and only here.

A catalogue name may list several sources. When the first cannot be reached, the next stands in for it, if
`fallback` allows it; a WARNING says so and the `Asset` records it. A path or an address given by the user has no
stand-in, and a file whose checksum is wrong is an error whoever asked for it.
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
from PIL import Image

from nst.assets.cache import cache_folder, sha256
from nst.assets.download import download
from nst.assets.unreachable import UnreachableError
from nst.errors import InputError, suggestion

log = logging.getLogger(__name__)

PICTURE_BYTES, PICTURE_SECONDS = 100 * 2**20, 120.0
CHECKSUM = re.compile(r"sha256=([0-9a-f]{64})")


@dataclass(frozen=True)
class Asset:
    """A file that serves, and how it came to."""

    name: str  # as it was asked for
    path: Path
    sha256: str
    source: str  # the address, or the path inside nst or another package, that served
    credit: str = ""
    instead_of: str = ""  # the source that could not be reached; empty where the first one served


def catalogue() -> dict[str, dict[str, Any]]:
    """The pictures nst knows by name: {name: {title, sources: [...]}}."""
    return yaml.safe_load((_bundled() / "catalogue.yaml").read_text())


def find(image: str, *, fallback: bool = True) -> Asset:
    """The file behind a catalogue name, a path or an https address (`#sha256=...` optional).

    Raises:
        InputError: unknown name and no such file, an address that is not https, a wrong checksum, or an address
            that cannot be reached and has no stand-in.
    """
    if "://" in image:
        return _download(image, image)
    return _from_catalogue(image, fallback) if image in catalogue() else _local(image)


def pictures_in(image: str) -> list[str]:
    """The pictures of a folder, by name; what is no folder is a picture itself.

    Raises:
        InputError: no picture in the folder.
    """
    folder = Path(os.path.expanduser(image))  # noqa: PTH111  as in `_local`
    if image in catalogue() or not os.path.isdir(folder):  # noqa: PTH112
        return [image]
    known = Image.registered_extensions()
    found = [str(path) for path in sorted(folder.iterdir()) if path.suffix.lower() in known and path.is_file()]
    if not found:
        raise InputError(f"{image} is a folder without pictures")
    return found


def _local(image: str) -> Asset:
    path = Path(os.path.expanduser(image))  # noqa: PTH111  pathlib raises where there is no such user
    if not os.path.exists(path) and not path.suffix and path.name == image:  # noqa: PTH110  nor for long names
        raise InputError(f"picture '{image}' is neither a name nor a file{suggestion(image, catalogue())}")
    try:
        digest = sha256(path)
    except OSError:
        digest = ""  # what is wrong with it is for image.read to say
    return Asset(image, path, digest, str(path))


@lru_cache(maxsize=256)  # a sweep asks once, and gets one answer
def _from_catalogue(name: str, fallback: bool) -> Asset:
    sources, unreachable = catalogue()[name]["sources"], []
    for source in sources:
        try:
            asset = _from_source(name, source)
        except UnreachableError as error:
            unreachable.append(error)
            if not fallback and len(sources) > 1:
                raise InputError(f"{error}; with fallback=true '{name}' has a bundled stand-in") from error
            continue
        if not unreachable:
            return asset
        log.warning("%s: %s; standing in for it: %s", name, unreachable[0], asset.credit)
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
def _download(name: str, address: str, credit: str = "", replaceable: bool = False) -> Asset:
    url, mark, fragment = address.partition("#")
    wanted = CHECKSUM.fullmatch(fragment)
    if mark and not wanted:
        raise InputError(f"{url}: what follows # must be sha256= and 64 hexadecimal digits, not '{fragment}'")
    checksum = f"sha256:{wanted[1]}" if wanted else None
    path = download(
        url,
        checksum,
        cache_folder() / "pictures",
        max_bytes=PICTURE_BYTES,
        seconds=PICTURE_SECONDS,
        remember=replaceable,
    )
    return Asset(name, path, sha256(path), address, credit)
