"""VGG19 with its ImageNet weights: Keras's, by Keras's own address and cache, or any local Keras file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from nst import assets
from nst.download import download
from nst.errors import InputError
from nst.extractor.choice import Choice
from nst.extractor.network import Network, Source
from nst.extractor.weights import MEAN, read_keras
from nst.layers import LAYERS
from nst.precision import Precision

HOST = "https://storage.googleapis.com/tensorflow/keras-applications"
MAX_BYTES = 200 * 2**20


class Published(NamedTuple):
    """A network whose ImageNet weights Keras offers."""

    name: str  # of its module in keras.applications
    checksum: str  # as that module has it
    layers: Sequence[str]

    @property
    def file(self) -> str:
        """The name of the file with its weights."""
        return f"{self.name}_weights_tf_dim_ordering_tf_kernels_notop.h5"

    def imagenet(self, seconds: float | None = None) -> Path:
        """The file of the ImageNet weights: from Keras's cache, or downloaded into it within `seconds`.

        Raises:
            UnreachableError: not cached, and out of reach.
        """
        address = f"{HOST}/{self.name}/{self.file}"
        folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"  # where Keras itself looks
        return download(address, self.checksum, folder, file_name=self.file, max_bytes=MAX_BYTES, seconds=seconds)


@dataclass(frozen=True)
class VGG19(Choice):
    """The network of Gatys et al. (2016).

    Args:
        weights: a Keras file (`.h5`, `.weights.h5`, `.keras`); null takes Keras's ImageNet weights, from its cache
            (`~/.keras/models`) or by download (80 MB).
        pooling, padding, convolution, recompute: as `Choice` has them.
    """

    published: ClassVar[Published] = Published("vgg19", "md5:253f8cb515780f3b799900260a226db6", LAYERS)

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
        path = Path(self.weights).expanduser() if self.weights else self.published.imagenet()
        if not path.is_file():
            raise InputError(f"extractor.weights: there is no file {path}")
        return self.applied(_load(self.published, path, assets.sha256(path)), precision)


def to_network(image: Any) -> Any:
    """RGB 0..1 -> what VGG19 was trained on: BGR 0..255 less the mean. `[...,3]` to `[...,3]`."""
    return tf.reverse(image, [-1]) * 255.0 - tf.constant(MEAN, image.dtype)


def from_network(values: Any) -> Any:
    """The inverse of `to_network`."""
    return (values + tf.constant(MEAN, values.dtype))[..., ::-1] / 255.0


@lru_cache(maxsize=4)
def _load(published: Published, path: Path, sha256: str) -> Network:
    source = Source(published.name, str(path), sha256)
    weights = read_keras(path, published.layers)
    return Network(weights, to_network, pooling="max", precision="float32", source=source, order=published.layers)
