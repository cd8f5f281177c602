"""What is done to the student's weights beside training: dead channels, scales, the file."""

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
"""Pictures looked at together."""

SILENCE = 1e-6
"""Activations up to this are none."""

REVIVED = 0.3
"""Spread of a revived kernel beside the living ones': loud strangers in a Gram matrix would be silenced again."""


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
    """Draw the kernels of dead channels anew, quieter than the living ones; returns how many there were.

    Their biases are such that they are zero on average of some of `images` before the ReLU. Nothing listens to
    them at first, neither the next layer nor `maps`, the 1x1 convolutions of each layer's features, so that what is
    computed stays as it was.
    """
    count = 0
    for index, (name, silent) in enumerate(dead(student, images).items()):
        if silent.any() and not silent.all():
            _redraw(student.get_layer(name), silent, _input(student, images[:CHUNK], index), random)
            listeners = [student.get_layer(LAYERS[index + 1])] if index + 1 < len(LAYERS) else []
            for listener in [*listeners, *([maps[name]] if maps else [])]:
                kernel, bias = (np.array(value) for value in listener.get_weights())
                kernel[:, :, silent] = 0
                listener.set_weights([kernel, bias])
            count += int(silent.sum())
    return count


def _input(student: keras.Model, images: np.ndarray, index: int) -> Any:
    """What the layer of that number sees."""
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
    """`weights` without the channels that are `silent`: the others compute what they did wherever those are silent."""
    kept, before = {}, None
    for layer, (kernel, bias) in weights.items():
        heard = kernel if before is None else kernel[:, :, before]
        before = ~silent[layer]
        kept[layer] = heard[..., before], bias[before]
    return kept


def normalized(student: keras.Model, images: np.ndarray) -> Weights:
    """The student's weights with every layer scaled so that its mean activation on `images` is 1.

    A ReLU network computes the same features, but for their scale, when a layer's kernel and bias are divided by a
    number and the next layer's kernel is multiplied by it.

    Raises:
        InputError: a layer that is zero everywhere.
    """
    sums = dict.fromkeys(LAYERS, 0.0)
    for features in _in_chunks(student, images):
        for layer in LAYERS:
            sums[layer] += float(to_numpy(ops.mean(features[layer]))) * len(features[layer])
    weights, before = weights_of(student), 1.0
    for layer, (kernel, bias) in weights.items():
        scale = sums[layer] / len(images)
        if not scale:
            raise InputError(f"{layer} is silent on all pictures: nothing was learned there")
        weights[layer] = kernel * (before / scale), bias / scale
        before = scale
    return weights


def _in_chunks(student: keras.Model, images: np.ndarray) -> Iterator[Mapping[str, Any]]:
    """Features of all `images`, a few at a time."""
    for start in range(0, len(images), CHUNK):
        yield student(images[start : start + CHUNK])


def write(path: Path, weights: Weights, card: dict[str, Any]) -> None:
    """`path` with float16 kernels as the runner reads them, and its card beside it as JSON."""
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
    """The weights in a file that `write` wrote, in float32.

    Raises:
        InputError: no such file, or another kind of file.
    """
    arrays = read_npz(path)
    if not np.allclose(arrays.get("preprocess/mean", 0.0), MEAN, atol=1e-3):
        raise InputError(f"{path} is no slim network, or takes another input")
    return {layer: pair(arrays, layer, path) for layer in LAYERS if f"{layer}/kernel" in arrays}
