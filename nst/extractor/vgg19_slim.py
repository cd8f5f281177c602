"""The bundled network: VGG19's sixteen layers with 16 to 448 channels, trained to transfer style like VGG19.

`nst/bundled/README.md` describes its training and its quality.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import tensorflow as tf

from nst.assets.cache import sha256
from nst.extractor import slim_file
from nst.extractor.contract import Extractor
from nst.extractor.network import Network, Source
from nst.extractor.pins import SINGLE, Pins
from nst.runtime.precision import Precision
from nst.state import Image, Tensor

FILE = slim_file.FILE


@dataclass(frozen=True)
class VGG19Slim(Extractor):
    """The bundled network: several times faster than VGG19 on a processor, no download; for Args see `Extractor`."""

    def load(self, *, precision: Precision = Precision.auto, fallback: bool = True, pins: Pins = SINGLE) -> Network:
        """Return the network; it is loaded once per process. `fallback` and `pins` have no effect.

        `convolution=auto` is `direct`: its 3x3 convolutions have too few channels for Winograd's method.
        """
        del fallback, pins
        direct = replace(self, convolution="direct") if self.convolution == "auto" else self
        return direct.applied(_load(), precision)


@lru_cache(maxsize=1)
def _load() -> Network:
    return read_slim(FILE, "nst:bundled/vgg19_slim.npz")


def read_slim(path: Path, name: str) -> Network:
    """Read a file of `scripts/train_slim.py`; `name` is its name in records. Max pooling, float32."""
    weights, mean, deviation = slim_file.read(path)

    def preprocess(image: Image) -> Tensor:
        """RGB 0..1 -> minus the mean, divided by the standard deviation."""
        return (image - tf.constant(mean)) / tf.constant(deviation)

    source = Source("vgg19_slim", name, sha256(path), origin="nst", license="nst, MIT")
    return Network(weights, preprocess, source=source)
