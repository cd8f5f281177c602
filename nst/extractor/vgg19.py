"""VGG19 with its ImageNet weights, from the sources of `nst.extractor.imagenet` or from a local Keras file."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import tensorflow as tf

from nst.assets.cache import sha256
from nst.errors import InputError
from nst.extractor import read_ahead
from nst.extractor.contract import Extractor
from nst.extractor.imagenet import KERAS, Weights, find
from nst.extractor.keras_weights import MEAN
from nst.extractor.network import Network, Source
from nst.extractor.pins import SINGLE, Pins
from nst.runtime.home import expanded
from nst.runtime.precision import Precision
from nst.runtime.regular import open_input
from nst.state import Image, Tensor


@dataclass(frozen=True)
class VGG19(Extractor):
    """VGG19 (Simonyan & Zisserman 2015, table 1, column E), the network of Gatys et al. (2016).

    Args:
        weights: path of a Keras file (`.h5`, `.weights.h5`, `.keras`); null takes the ImageNet weights from the first
            source that has them (`nst.extractor.imagenet`).
        pooling, padding, convolution: see `Extractor`.

    Raises:
        InputError: a setting has a wrong type or an unknown value.
    """

    network: ClassVar[str] = "vgg19"

    weights: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights is not None and not isinstance(self.weights, str):
            raise InputError(f"extractor.weights must be the path of a file or null, not {self.weights}")

    def load(self, *, precision: Precision = Precision.auto, fallback: bool = True, pins: Pins = SINGLE) -> Network:
        """Return the network; it is loaded once per process.

        Args:
            precision: number format of the convolutions.
            fallback: whether the 8-bit weights may replace the exact weights.
            pins: choices of the run's sweep.

        Raises:
            InputError: the weights are missing, broken or unavailable.
        """
        if self.weights:
            weights = self._given(expanded(self.weights))
        else:
            search = lambda: find(self.network, exact=not fallback)  # noqa: E731
            weights = pins.weights(pin_name(self.network, fallback), search) or search()
        return self.applied(load_weights(weights), precision)

    def _given(self, path: Path) -> Weights:
        open_input(path, f"extractor.weights: {path}").close()  # checked before the whole file is read
        return Weights(self.network, path, sha256(path), "extractor.weights")


def pin_name(network: str, fallback: bool) -> str:
    """Return the name under which a sweep stores its choice of weights."""
    return network if fallback else f"{network}-exact"


@lru_cache(maxsize=4)
def load_weights(weights: Weights) -> Network:
    """Return the network with `weights`, as in training: max pooling, zero padding, float32."""
    source = Source(weights.network, str(weights.path), weights.sha256, origin=weights.origin, license=weights.license)
    return Network(read_ahead.values(weights), to_network, source=source, order=KERAS[weights.network].layers)


def to_network(image: Image) -> Tensor:
    """`[...,3]`, RGB 0..1 -> `[...,3]`, the input of VGG's training: BGR 0..255 minus the mean over ImageNet."""
    return tf.reverse(image, [-1]) * 255.0 - tf.constant(MEAN, image.dtype)


def from_network(values: Tensor) -> Tensor:
    """Inverse of `to_network`."""
    return (values + tf.constant(MEAN, values.dtype))[..., ::-1] / 255.0
