"""The file of weights of the bundled network. This module needs no TensorFlow: scripts read the file as well."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from nst.layers import LAYERS

FILE = Path(__file__).parents[1] / "bundled" / "vgg19_slim.npz"

PARTS = ("reduce", "kernel", "expand", "bias")
"""Arrays of a layer: its kernels in the order of their use, of which the first and the last may be absent, its bias."""


class Slim(NamedTuple):
    """The contents of a file, float32."""

    weights: dict[str, tuple[np.ndarray, ...]]  # {layer: (kernel, ..., bias)}
    mean: np.ndarray  # of the input, RGB 0..1
    deviation: np.ndarray


def read(path: Path) -> Slim:
    """Read a file of `scripts/train_slim.py`.

    Raises:
        KeyError: an array is missing.
        OSError, ValueError: it is not an `.npz` file.
    """
    with np.load(path) as file:
        arrays = {key: file[key].astype(np.float32) for key in file.files}
    weights = {layer: _layer(arrays, layer) for layer in LAYERS}
    return Slim(weights, arrays["preprocess/mean"], arrays["preprocess/std"])


def _layer(arrays: dict[str, np.ndarray], layer: str) -> tuple[np.ndarray, ...]:
    parts = PARTS if f"{layer}/reduce" in arrays else PARTS[1::2]
    return tuple(arrays[f"{layer}/{part}"] for part in parts)
