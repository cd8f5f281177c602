"""The bundled network: VGG19's sixteen layers with 16 to 128 channels, trained to transfer style like VGG19.

`nst/bundled/README.md` describes its training and its quality.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import tensorflow as tf

from nst.assets.cache import sha256
from nst.extractor.contract import Extractor
from nst.extractor.network import Network, Source
from nst.extractor.pins import SINGLE, Pins
from nst.layers import LAYERS
from nst.runtime.precision import Precision
from nst.state import Image, Tensor

FILE = Path(__file__).parents[1] / "bundled" / "vgg19_slim.npz"


@dataclass(frozen=True)
class VGG19Slim(Extractor):
    """The bundled network: several times faster than VGG19 on a processor, no download; for Args see `Extractor`."""

    def load(self, *, precision: Precision = Precision.auto, fallback: bool = True, pins: Pins = SINGLE) -> Network:
        """Return the network; it is loaded once per process. `fallback` and `pins` have no effect."""
        del fallback, pins
        return self.applied(_load(), precision)


@lru_cache(maxsize=1)
def _load() -> Network:
    return read_slim(FILE, "nst:bundled/vgg19_slim.npz")


def read_slim(path: Path, name: str) -> Network:
    """Read a file of `scripts/train_slim.py`; `name` is its name in records. Max pooling, float32."""
    with np.load(path) as file:
        arrays = {key: file[key].astype(np.float32) for key in file.files}
    mean, deviation = arrays["preprocess/mean"], arrays["preprocess/std"]

    def preprocess(image: Image) -> Tensor:
        """RGB 0..1 -> minus the mean, divided by the standard deviation."""
        return (image - tf.constant(mean)) / tf.constant(deviation)

    weights = {layer: (arrays[f"{layer}/kernel"], arrays[f"{layer}/bias"]) for layer in LAYERS}
    source = Source("vgg19_slim", name, sha256(path), origin="nst", license="nst, MIT")
    return Network(weights, preprocess, source=source)
