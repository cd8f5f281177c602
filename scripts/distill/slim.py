"""Operations on the student's weights: find, revive and prune dead channels, normalize scales, read and write files."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np

from distill.arrays import pair, read_npz
from distill.backend import ops, to_numpy
from distill.networks import DEVIATION, MEAN, Weights, weights_of
from nst.errors import InputError
from nst.layers import LAYERS

CHUNK = 8
"""Pictures per batch."""

SILENCE = 1e-6
"""Activations up to this value count as zero."""

REVIVED = 0.3
"""Standard deviation of a revived kernel, relative to live kernels: training would suppress larger ones again."""


def dead(student: keras.Model, images: np.ndarray) -> dict[str, np.ndarray]:
    """`{layer: [channels] bool}`: the channels that are zero everywhere on `images`."""
    highest = {layer: np.zeros(student.get_layer(layer).filters) for layer in LAYERS}
    for features in _in_chunks(student, images):
        for layer in LAYERS:
            highest[layer] = np.maximum(highest[layer], to_numpy(ops.max(features[layer], axis=(0, 1, 2))))
    return {layer: values <= SILENCE for layer, values in highest.items()}


def revive(
    student: keras.Model, images: np.ndarray, random: np.random.Generator, maps: Mapping[str, keras.Layer] | None = None
) -> int:
    """Give dead channels new random kernels, smaller than those of live channels; return the number of such channels.

    Their biases make their mean over some of `images` zero before the ReLU. The weights that read them, in the next
    layer and in `maps`, the 1x1 convolutions of each layer's features, become 0. All other features stay the same.
    """
    count = 0
    for index, (name, silent) in enumerate(dead(student, images).items()):
        if silent.any() and not silent.all():
            _redraw(student.get_layer(name), silent, _input(student, images[:CHUNK], index), random)
            readers = [student.get_layer(LAYERS[index + 1])] if index + 1 < len(LAYERS) else []
            for reader in [*readers, *([maps[name]] if maps else [])]:
                kernel, bias = (np.array(value) for value in reader.get_weights())
                kernel[:, :, silent] = 0
                reader.set_weights([kernel, bias])
            count += int(silent.sum())
    return count


def _input(student: keras.Model, images: np.ndarray, index: int) -> Any:
    """The input of the layer `LAYERS[index]`."""
    if index == 0:
        return (images - MEAN) / DEVIATION
    before = student(images)[LAYERS[index - 1]]
    return ops.max_pool(before, 2) if LAYERS[index].endswith("conv1") else before


def _redraw(layer: keras.Layer, silent: np.ndarray, inputs: Any, random: np.random.Generator) -> None:
    kernel, bias = (np.array(value) for value in layer.get_weights())
    spread = REVIVED * kernel[..., ~silent].std()
    fresh = random.normal(0, spread, kernel[..., silent].shape).astype(np.float32)
    kernel[..., silent] = fresh
    bias[silent] = -to_numpy(ops.mean(ops.conv(inputs, fresh, padding="same"), axis=(0, 1, 2)))
    layer.set_weights([kernel, bias])


def pruned(weights: Weights, silent: Mapping[str, np.ndarray]) -> Weights:
    """`weights` without `silent` channels. Where these are zero, the other channels compute the same."""
    kept, before = {}, None
    for layer, (kernel, bias) in weights.items():
        inner = kernel if before is None else kernel[:, :, before]
        before = ~silent[layer]
        kept[layer] = inner[..., before], bias[before]
    return kept


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
    for layer, (kernel, bias) in weights.items():
        scale = sums[layer] / len(images)
        if not scale:
            raise InputError(f"{layer} is zero on all pictures: it learned nothing")
        weights[layer] = kernel * (before / scale), bias / scale
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
    for layer, (kernel, bias) in weights.items():
        arrays |= {f"{layer}/kernel": kernel.astype(np.float16), f"{layer}/bias": bias.astype(np.float32)}
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, **cast(Any, arrays))
    part.replace(path)
    card = {**card, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    path.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n")


def read(path: Path) -> Weights:
    """Read a file that `write` wrote, as float32.

    Raises:
        InputError: the file is missing, of another kind, or lacks arrays.
    """
    arrays = read_npz(path)
    if not np.allclose(arrays.get("preprocess/mean", 0.0), MEAN, atol=1e-3):
        raise InputError(f"{path} is not a slim network, or expects another input")
    return {layer: pair(arrays, layer, path) for layer in LAYERS if f"{layer}/kernel" in arrays}
