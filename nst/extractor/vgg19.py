"""VGG19 with its ImageNet weights: from the sources of `nst.extractor.imagenet`, or from any local Keras file."""

import logging
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import tensorflow as tf

from nst.assets.cache import sha256
from nst.errors import InputError
from nst.extractor.contract import Extractor
from nst.extractor.imagenet import KERAS, Weights, find
from nst.extractor.keras_weights import MEAN
from nst.extractor.network import Network, Source
from nst.extractor.pins import SINGLE, Pins
from nst.runtime.precision import Precision
from nst.state import Image, Tensor

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VGG19(Extractor):
    """The network of Gatys et al. (2016).

    Args:
        weights: a Keras file (`.h5`, `.weights.h5`, `.keras`); null takes the ImageNet weights from the first source
            that has them (`nst.extractor.imagenet`).
        pooling, padding, convolution: as `Extractor` has them.
    """

    network: ClassVar[str] = "vgg19"

    weights: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights is not None and not isinstance(self.weights, str):
            raise InputError(f"extractor.weights must be a file's path or null, not {self.weights}")

    def load(self, *, precision: Precision = Precision.auto, fallback: bool = True, pins: Pins = SINGLE) -> Network:
        """The network, loaded once per process.

        Args:
            precision: what the convolutions compute in.
            fallback: whether the 8-bit weights may serve.
            pins: choices of the sweep that this run is part of.

        Raises:
            InputError: weights that are missing, broken, or out of reach.
        """
        if self.weights:
            weights = self._given(Path(self.weights).expanduser())
        else:
            search = lambda: find(self.network, exact=not fallback)  # noqa: E731
            weights = pins.weights(pin_name(self.network, fallback), search) or search()
        return self.applied(load_weights(weights), precision)

    def _given(self, path: Path) -> Weights:
        if not path.is_file():
            raise InputError(f"extractor.weights: there is no file {path}")
        return Weights(self.network, path, sha256(path), "extractor.weights")


def pin_name(network: str, fallback: bool) -> str:
    """Under which name a sweep keeps its choice of weights."""
    return network if fallback else f"{network}-exact"


@lru_cache(maxsize=4)
def load_weights(weights: Weights) -> Network:
    """The network with `weights`, as it was trained: max pooling, zero padding, float32."""
    source = Source(weights.network, str(weights.path), weights.sha256, origin=weights.origin, licence=weights.licence)
    order, started = KERAS[weights.network].layers, time.perf_counter()
    values = weights.read()
    log.info("read the weights of %s in %.1f s", weights.network, time.perf_counter() - started)
    return Network(values, to_network, source=source, order=order)


def to_network(image: Image) -> Tensor:
    """RGB 0..1 -> what VGG19 was trained on: BGR 0..255 less the mean. `[...,3]` to `[...,3]`."""
    return tf.reverse(image, [-1]) * 255.0 - tf.constant(MEAN, image.dtype)


def from_network(values: Tensor) -> Tensor:
    """The inverse of `to_network`."""
    return (values + tf.constant(MEAN, values.dtype))[..., ::-1] / 255.0
