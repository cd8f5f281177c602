"""What is done to the student's weights beside training: reviving dead channels, fixing scales, writing the file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from distill.networks import DEVIATION, MEAN, weights_of
from nst.layers import LAYERS

REVIVED = 0.3
"""Spread of a revived kernel beside the living ones': loud strangers in a Gram matrix would be silenced again."""


def dead(student: keras.Model, images: np.ndarray) -> dict[str, np.ndarray]:
    """`{layer: [channels] bool}`: the channels that are zero everywhere on `images`."""
    return {layer: _silent(features) for layer, features in student(images).items()}


def _silent(features: Any) -> np.ndarray:
    return ops.convert_to_numpy(ops.max(features, axis=(0, 1, 2))) <= 1e-6


def revive(
    student: keras.Model, images: np.ndarray, random: np.random.Generator, maps: Mapping[str, keras.Layer] | None = None
) -> int:
    """Draw the kernels of dead channels anew, quieter than the living ones; returns how many there were.

    Their biases are such that they are zero on average of `images` before the ReLU. Nothing listens to them at
    first, neither the next layer nor `maps`, the 1x1 convolutions of each layer's features, so that what is
    computed stays as it was.
    """
    features, count = student(images), 0
    for index, name in enumerate(LAYERS):
        silent = _silent(features[name])
        if silent.any() and not silent.all():
            _redraw(student.get_layer(name), silent, _input(features, images, index), random)
            listeners = [student.get_layer(LAYERS[index + 1])] if index + 1 < len(LAYERS) else []
            for listener in [*listeners, *([maps[name]] if maps else [])]:
                kernel, bias = (np.array(value) for value in listener.get_weights())
                kernel[:, :, silent] = 0
                listener.set_weights([kernel, bias])
            count += int(silent.sum())
    return count


def _input(features: Mapping[str, Any], images: np.ndarray, index: int) -> Any:
    """What the layer of that number sees."""
    if index == 0:
        return (images - MEAN) / DEVIATION
    before = features[LAYERS[index - 1]]
    return ops.max_pool(before, 2) if LAYERS[index].endswith("conv1") else before


def _redraw(layer: keras.Layer, silent: np.ndarray, inputs: Any, random: np.random.Generator) -> None:
    kernel, bias = (np.array(value) for value in layer.get_weights())
    spread = REVIVED * kernel[..., ~silent].std()
    fresh = random.normal(0, spread, kernel[..., silent].shape).astype(np.float32)
    kernel[..., silent] = fresh
    bias[silent] = -ops.convert_to_numpy(ops.mean(ops.conv(inputs, fresh, padding="same"), axis=(0, 1, 2)))
    layer.set_weights([kernel, bias])


def normalized(student: keras.Model, images: np.ndarray) -> dict[str, np.ndarray]:
    """The student's weights with every layer scaled so that its mean activation on `images` is 1.

    A ReLU network computes the same features, but for their scale, when a layer's kernel and bias are divided by a
    number and the next layer's kernel is multiplied by it.
    """
    features = student(images)
    weights, before = weights_of(student), 1.0
    for layer in LAYERS:
        scale = float(ops.convert_to_numpy(ops.mean(features[layer])))
        weights[f"{layer}/kernel"] = weights[f"{layer}/kernel"] * (before / scale)
        weights[f"{layer}/bias"] = weights[f"{layer}/bias"] / scale
        before = scale
    return weights


def write(path: Path, weights: dict[str, np.ndarray], card: dict[str, Any]) -> None:
    """`path` with float16 kernels as the runner reads them, and its card beside it as JSON."""
    arrays = {key: value.astype(np.float16 if key.endswith("kernel") else np.float32) for key, value in weights.items()}
    arrays |= {"preprocess/mean": np.full(3, MEAN, np.float32), "preprocess/std": np.full(3, DEVIATION, np.float32)}
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, **arrays)
    part.replace(path)
    card = {**card, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    path.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n")


def read(path: Path) -> dict[str, np.ndarray]:
    """A file that `write` wrote, in float32."""
    with np.load(path) as file:
        return {key: file[key].astype(np.float32) for key in file.files}
