"""Operations on the student's weights: find dead channels, normalize scales, read and write files."""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np

from distill.backend import ops, to_numpy
from distill.networks import DEVIATION, MEAN, Weights, weights_of
from nst.errors import InputError
from nst.extractor import slim_file
from nst.extractor.slim_file import PARTS
from nst.layers import LAYERS

CHUNK = 8
"""Pictures per batch."""

SILENCE = 1e-6
"""Activations up to this value count as zero."""


def dead(student: keras.Model, images: np.ndarray) -> dict[str, np.ndarray]:
    """`{layer: [channels] bool}`: the channels that are zero everywhere on `images`."""
    highest = {layer: np.zeros(student.get_layer(layer).form.channels) for layer in LAYERS}
    for features in _in_chunks(student, images):
        for layer in LAYERS:
            highest[layer] = np.maximum(highest[layer], to_numpy(ops.max(features[layer], axis=(0, 1, 2))))
    return {layer: values <= SILENCE for layer, values in highest.items()}


def normalized(student: keras.Model, images: np.ndarray) -> Weights:
    """The student's weights, with each layer scaled so that its mean activation on `images` is 1.

    Dividing a layer's kernel and bias by a number, and multiplying the next layer's kernel by it, changes only the
    scale of this layer's features in a ReLU network.

    Raises:
        InputError: a layer is zero on all images.
    """
    sums = dict.fromkeys(LAYERS, 0.0)
    for features in _in_chunks(student, images):
        for layer in LAYERS:
            sums[layer] += float(to_numpy(ops.mean(features[layer]))) * len(features[layer])
    weights, before = weights_of(student), 1.0
    for layer, (first, *rest) in weights.items():
        scale = sums[layer] / len(images)
        if not scale:
            raise InputError(f"{layer} is zero on all pictures: it learned nothing")
        *rest, last = first * before, *rest
        weights[layer] = (*rest[:-1], rest[-1] / scale, last / scale)
        before = scale
    return weights


def _in_chunks(student: keras.Model, images: np.ndarray) -> Iterator[Mapping[str, Any]]:
    """Features of `images`, in batches of `CHUNK`."""
    for start in range(0, len(images), CHUNK):
        yield student(images[start : start + CHUNK])


def write(path: Path, weights: Weights, card: dict[str, Any]) -> None:
    """Write `path` with float16 kernels, as the runner reads it, and its card beside it as JSON."""
    arrays: dict[str, np.ndarray] = {
        "preprocess/mean": np.full(3, MEAN, np.float32),
        "preprocess/std": np.full(3, DEVIATION, np.float32),
    }
    for layer, (*kernels, bias) in weights.items():
        names = PARTS[:-1] if len(kernels) > 1 else ("kernel",)
        arrays |= {f"{layer}/{name}": kernel.astype(np.float16) for name, kernel in zip(names, kernels, strict=True)}
        arrays[f"{layer}/bias"] = bias.astype(np.float32)
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, **cast(Any, arrays))
    part.replace(path)
    card = {**card, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    path.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n")


def read(path: Path) -> Weights:
    """The weights of a file that `write` wrote."""
    return slim_file.read(path).weights


def check(path: Path) -> None:
    """Raise InputError unless `path` is a file that `write` wrote."""
    arrays = _arrays(path)
    absent = [layer for layer in LAYERS if f"{layer}/kernel" not in arrays or f"{layer}/bias" not in arrays]
    if absent or not np.allclose(arrays.get("preprocess/mean", 0.0), MEAN, atol=1e-3):
        raise InputError(f"{path} is not a slim network, or expects another input")


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """{name: array} of an `.npz` file.

    Raises:
        InputError: the file is missing, damaged or of another kind.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    try:
        with path.open("rb") as opened, np.load(opened) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is not an .npz file of arrays, or is damaged") from error
