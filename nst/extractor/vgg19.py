"""VGG19 with its ImageNet weights: Keras's, by Keras's own address and cache, or any local Keras file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import tensorflow as tf

from nst import assets
from nst.download import download
from nst.errors import InputError
from nst.extractor.choice import Choice
from nst.extractor.network import Network, Source
from nst.extractor.weights import MEAN, read_keras
from nst.precision import Precision

FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
ADDRESS = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{FILE}"
CHECKSUM = "md5:253f8cb515780f3b799900260a226db6"  # as keras.applications.vgg19 has it
MAX_BYTES = 200 * 2**20


@dataclass(frozen=True)
class VGG19(Choice):
    """The network of Gatys et al. (2016).

    Args:
        weights: a Keras file (`.h5`, `.weights.h5`, `.keras`); null takes Keras's ImageNet weights, from its cache
            (`~/.keras/models`) or by download (80 MB).
        pooling, convolution, recompute: as `Choice` has them.
    """

    weights: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights is not None and not isinstance(self.weights, str):
            raise InputError(f"extractor.weights must be a file's path or null, not {self.weights}")

    def load(self, *, precision: Precision = Precision.auto, fallback: bool = True) -> Network:
        """The network, loaded once per process.

        Raises:
            InputError: weights that are missing, broken, or out of reach.
        """
        del fallback  # vgg19 means VGG19, or an error
        path = Path(self.weights).expanduser() if self.weights else imagenet()
        if not path.is_file():
            raise InputError(f"extractor.weights: there is no file {path}")
        return self.applied(_load(path, assets.sha256(path)), precision)


def to_network(image: Any) -> Any:
    """RGB 0..1 -> what VGG19 was trained on: BGR 0..255 less the mean. `[...,3]` to `[...,3]`."""
    return image[..., ::-1] * 255.0 - tf.constant(MEAN, image.dtype)


def from_network(values: Any) -> Any:
    """The inverse of `to_network`."""
    return (values + tf.constant(MEAN, values.dtype))[..., ::-1] / 255.0


def imagenet(seconds: float | None = None) -> Path:
    """The file of the ImageNet weights: from Keras's cache, or downloaded into it within `seconds`.

    Raises:
        UnreachableError: not cached, and out of reach.
    """
    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"  # where Keras itself looks
    return download(ADDRESS, CHECKSUM, folder, file_name=FILE, max_bytes=MAX_BYTES, seconds=seconds)


@lru_cache(maxsize=4)
def _load(path: Path, sha256: str) -> Network:
    source = Source("vgg19", str(path), sha256)
    return Network(read_keras(path), to_network, pooling="max", precision="float32", source=source)
