"""The networks as Keras models, `[n,H,W,3]` RGB 0..1 -> `{layer: [n,h,w,c]}`: the slim student, and its teachers."""

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
"""Channels of the student; in blocks 1-3 the layer where style is read is wider than those it only passes through."""

MEAN, DEVIATION = 0.45, 0.226
"""What the student's input is normalized with."""

CONTENT = "block4_conv2"
"""The layer at which content is read."""

SPARING = 2
"""Pictures of a batch on which a teacher's layers after its last layer of style or content are computed: dear."""

Weights = Mapping[str, tuple[np.ndarray, np.ndarray]]  # {layer: (kernel [3,3,in,out], bias [out])}
Transform = Callable[[Any], Any]


def student(widths: Mapping[str, int] = WIDTHS, seed: int = 0) -> keras.Model:
    """The slim network, drawn anew (He et al. 2015): zero padding, ReLU, max pooling."""
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
    """A trained network: Keras's VGG19 from its `.h5`, or any of its widths from an `.npz` with reflect padding.

    Args:
        file: a Keras file, or an `.npz` of `preprocess/kernel` (1x1), `preprocess/bias`, and for each layer
            `<layer>/kernel` and `<layer>/bias`.

    Raises:
        InputError: another kind of file.
    """
    if file.suffix == ".npz":
        return _narrow(file)
    weights = read_keras(file)
    kernel, bias = weights[LAYERS[0]]
    weights[LAYERS[0]] = (kernel[:, :, ::-1], bias)  # Keras's VGG19 takes blue, green, red
    mean = np.array(IMAGENET_MEAN[::-1], np.float32)
    return _fixed(weights, "same", lambda image: image * 255.0 - mean, None)


def load(network: keras.Model, weights: Weights) -> None:
    """Put `weights` into `network`, whose further channels keep what they have and are not listened to at first.

    Raises:
        InputError: a layer is not in `weights`, or wider there than in the network.
    """
    for name in LAYERS:
        if name not in weights:
            raise InputError(f"the network to start from has no {name}")
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
        raise InputError(f"teacher: {file} holds no preprocess/kernel; a student is no teacher")
    weights = {layer: pair(arrays, layer, file) for layer in LAYERS if f"{layer}/kernel" in arrays}
    mixing = keras.layers.Conv2D(3, 1, name="preprocess")
    mixing.build((None, None, None, 3))
    mixing.set_weights(pair(arrays, "preprocess", file))
    border = ((0, 0), (1, 1), (1, 1), (0, 0))
    return _fixed(weights, "valid", mixing, lambda x: ops.pad(x, border, mode="reflect"))


def _fixed(weights: Weights, padding: str, preprocess: Transform, border: Transform | None) -> keras.Model:
    """A network of given weights, not to be trained."""
    there = [layer for layer in LAYERS if layer in weights]
    if there != list(LAYERS[: len(there)]) or not there:
        raise InputError(f"teacher: every layer from {LAYERS[0]} to its last must be there; these are: {there}")
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
    """The graph of VGG19; with `sparing`, what follows the layers of style and content sees few pictures."""
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
    """`{layer: features}` of all sixteen layers; each comes from the first teacher that has it.

    Where no teacher reaches `block5_conv2 ... 4`, their targets are the teacher's `block5_conv1` averaged over 3, 5
    and 7 positions: what a further convolution sees of it. A layer may have fewer pictures than `images`.
    """
    found: dict[str, Any] = {}
    for model in teachers:
        found = {**model(images), **found}
    missing = [layer for layer in LAYERS[:13] if layer not in found]
    if missing:
        raise InputError(f"no teacher has {missing[0]}; give one that does with a further --teacher")
    for reach, layer in enumerate(LAYERS[13:], 1):
        if layer not in found:
            found[layer] = ops.average_pool(found[LAYERS[12]], 2 * reach + 1, strides=1, padding="same")
    return {layer: ops.stop_gradient(features) for layer, features in found.items()}
