"""Keras models of the slim student and its teachers: `[n,H,W,3]`, RGB 0..1 -> `{layer: [n,h,w,c]}`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np

from distill.arrays import pair, read_npz
from distill.backend import ops
from nst.errors import InputError
from nst.extractor.keras_weights import MEAN as IMAGENET_MEAN
from nst.extractor.keras_weights import read_keras
from nst.layers import LAYERS

WIDTHS = dict(zip(LAYERS, (32, 16, 48, 32, 96, 64, 64, 64, *(128,) * 8), strict=True))
"""Channels of the student. In blocks 1-3, the style layer is wider than the other layers."""

MEAN, DEVIATION = 0.45, 0.226
"""Mean and standard deviation that normalize the student's input."""

CONTENT = "block4_conv2"
"""The content layer."""

SPARING = 2
"""Pictures per batch for a teacher's layers after its last style or content layer, to save time."""

Weights = Mapping[str, tuple[np.ndarray, np.ndarray]]  # {layer: (kernel [3,3,in,out], bias [out])}
Transform = Callable[[Any], Any]


def student(widths: Mapping[str, int] = WIDTHS, seed: int = 0) -> keras.Model:
    """A slim network with random weights (He et al. 2015): zero padding, ReLU, max pooling."""
    layers = [
        keras.layers.Conv2D(
            widths[layer],
            3,
            padding="same",
            activation="relu",
            kernel_initializer=cast(Any, keras.initializers.HeNormal(seed=seed + index)),
            name=layer,
        )
        for index, layer in enumerate(LAYERS)
    ]
    return _graph({layer.name: layer for layer in layers}, lambda image: (image - MEAN) / DEVIATION)


def teacher(file: Path) -> keras.Model:
    """A trained network: Keras's VGG19 from an `.h5`, or a VGG19 of any width with reflect padding from an `.npz`.

    Args:
        file: a Keras file, or an `.npz` with `preprocess/kernel` (1x1), `preprocess/bias`, and `<layer>/kernel` and
            `<layer>/bias` for each layer.

    Raises:
        InputError: the file is missing, of another kind, or lacks arrays.
    """
    if file.suffix == ".npz":
        return _narrow(file)
    weights = read_keras(file)
    kernel, bias = weights[LAYERS[0]]
    weights[LAYERS[0]] = (kernel[:, :, ::-1], bias)  # Keras's VGG19 takes blue, green, red
    mean = np.array(IMAGENET_MEAN[::-1], np.float32)
    return _fixed(weights, "same", lambda image: image * 255.0 - mean, None)


def load(network: keras.Model, weights: Weights) -> None:
    """Copy `weights` into `network`. Its extra channels keep their kernels; weights that read them become 0.

    Raises:
        InputError: a layer is missing in `weights`, or wider than in the network.
    """
    for name in LAYERS:
        if name not in weights:
            raise InputError(f"the network to start from lacks {name}")
        layer, (old, old_bias) = network.get_layer(name), weights[name]
        kernel, bias = (np.array(value) for value in layer.get_weights())
        inputs, outputs = old.shape[2:]
        if inputs > kernel.shape[2] or outputs > kernel.shape[3]:
            raise InputError(f"{name} has {old.shape[2:]} channels, more than the network's {kernel.shape[2:]}")
        kernel[:, :, inputs:, :outputs] = 0
        kernel[:, :, :inputs, :outputs] = old
        bias[:outputs] = old_bias
        layer.set_weights([kernel, bias])


def weights_of(network: keras.Model) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """`{layer: (kernel, bias)}` of a network's convolutions."""
    layers = [layer for layer in network.layers if layer.name in LAYERS]
    return {layer.name: _two(layer.get_weights()) for layer in layers}


def _two(values: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    kernel, bias = (np.asarray(value, np.float32) for value in values)
    return kernel, bias


def _narrow(file: Path) -> keras.Model:
    arrays = read_npz(file)
    if "preprocess/kernel" not in arrays:
        raise InputError(f"teacher: {file} lacks preprocess/kernel; a student cannot be a teacher")
    weights = {layer: pair(arrays, layer, file) for layer in LAYERS if f"{layer}/kernel" in arrays}
    mixing = keras.layers.Conv2D(3, 1, name="preprocess")
    mixing.build((None, None, None, 3))
    mixing.set_weights(pair(arrays, "preprocess", file))
    border = ((0, 0), (1, 1), (1, 1), (0, 0))
    return _fixed(weights, "valid", mixing, lambda x: ops.pad(x, border, mode="reflect"))


def _fixed(weights: Weights, padding: str, preprocess: Transform, border: Transform | None) -> keras.Model:
    """A network of given weights that is not trained."""
    there = [layer for layer in LAYERS if layer in weights]
    if there != list(LAYERS[: len(there)]) or not there:
        raise InputError(f"teacher: needs every layer from {LAYERS[0]} to its last one, but has {there}")
    layers: dict[str, keras.layers.Layer] = {}
    for name in there:
        kernel, bias = weights[name]
        layers[name] = keras.layers.Conv2D(kernel.shape[-1], 3, padding=padding, activation="relu", name=name)
        layers[name].build((None, None, None, kernel.shape[2]))
        layers[name].set_weights([kernel, bias])
    model = _graph(layers, preprocess, border, SPARING)
    model.trainable = False
    return model


def _graph(
    layers: Mapping[str, keras.layers.Layer],
    preprocess: Transform,
    border: Transform | None = None,
    sparing: int | None = None,
) -> keras.Model:
    """The graph of VGG19. Layers after the last style or content layer compute only `sparing` pictures, if given."""
    image = keras.Input((None, None, 3), name="image")
    x, features = preprocess(image), {}
    last = [name for name in layers if name.endswith("conv1") or name == CONTENT][-1]
    for name, layer in layers.items():
        if name.endswith("conv1") and name != LAYERS[0]:
            x = keras.layers.MaxPooling2D(2)(x)
        x = features[name] = layer(border(x) if border else x)
        if name == last and sparing:
            x = x[:sparing, ...]
    return keras.Model(image, features)


def targets(teachers: Sequence[keras.Model], images: Any) -> dict[str, Any]:
    """`{layer: features}` of all sixteen layers, each of the first teacher that has it.

    If no teacher has `block5_conv2 ... 4`, their targets are averages of `block5_conv1` over 3x3, 5x5 and 7x7
    positions, the receptive fields of these convolutions. A layer may have fewer pictures than `images`.

    Raises:
        InputError: no teacher has one of the layers up to `block5_conv1`.
    """
    found: dict[str, Any] = {}
    for model in teachers:
        found = {**model(images), **found}
    missing = [layer for layer in LAYERS[:13] if layer not in found]
    if missing:
        raise InputError(f"no teacher has {missing[0]}; add one that has it with another --teacher")
    for reach, layer in enumerate(LAYERS[13:], 1):
        if layer not in found:
            found[layer] = ops.average_pool(found[LAYERS[12]], 2 * reach + 1, strides=1, padding="same")
    return {layer: ops.stop_gradient(features) for layer, features in found.items()}
