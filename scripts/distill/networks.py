"""Keras models of the slim student and of its teacher, VGG19: `[n,H,W,3]`, RGB 0..1 -> `{layer: [n,h,w,c]}`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import keras
import numpy as np

from distill.backend import ops
from nst.errors import InputError
from nst.extractor.keras_weights import MEAN as IMAGENET_MEAN
from nst.extractor.keras_weights import read_keras
from nst.layers import LAYERS, begins_block


class Form(NamedTuple):
    """The form of a layer.

    A layer is a 3x3 convolution, or three convolutions with few channels between them: 1x1 to `reduced` channels, 3x3
    to `expanded` channels, 1x1 to `channels`, with nothing but the last one's bias and ReLU (Kim et al. 2016, "Tucker-2
    decomposition"). For its multiplications, the second kind comes nearer to a layer of VGG19.
    """

    channels: int
    reduced: int = 0  # 0: one 3x3 convolution
    expanded: int = 0


FORMS = dict(
    zip(
        LAYERS,
        (
            *(Form(16), Form(16)),
            *(Form(32), Form(48)),
            *(Form(128, 32, 48), *[Form(96, 32, 48)] * 3),
            *[Form(320, 64, 96)] * 4,
            *(Form(448, 128, 160), *[Form(256, 64, 96)] * 3),
        ),
        strict=True,
    )
)
"""The forms of the student's layers. Deep layers, which cost little, have the most channels."""

MEAN, DEVIATION = 0.45, 0.226
"""Mean and standard deviation that normalize the student's input."""

CONTENT = "block4_conv2"
"""The content layer."""

Weights = Mapping[str, tuple[np.ndarray, ...]]  # {layer: (kernel [k,k,in,out], ..., bias [out])}
Transform = Callable[[Any], Any]


class Convolution(keras.layers.Layer):
    """A layer of VGG19 in one of its forms: `[n,h,w,in]` -> `[n,h,w,channels]`, with zero padding and ReLU."""

    def __init__(self, form: Form, name: str, seed: int = 0, dtype: str = "float32") -> None:
        super().__init__(name=name, dtype=dtype)
        self.form = form
        sizes = ((form.reduced, 1), (form.expanded, 3), (form.channels, 1)) if form.reduced else ((form.channels, 3),)
        self.steps = [
            keras.layers.Conv2D(
                channels,
                side,
                padding="same",
                use_bias=index == len(sizes) - 1,
                activation="relu" if index == len(sizes) - 1 else None,
                kernel_initializer=cast(Any, keras.initializers.HeNormal(seed=seed + index)),
                dtype=dtype,
            )
            for index, (channels, side) in enumerate(sizes)
        ]

    def build(self, input_shape: Any) -> None:
        """Create the weights."""
        for step in self.steps:
            step.build(input_shape)
            input_shape = (*input_shape[:-1], step.filters)

    def call(self, x: Any) -> Any:
        """The features of the inputs `x`."""
        for step in self.steps:
            x = step(x)
        return x

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the features."""
        return (*input_shape[:-1], self.form.channels)


def student(forms: Mapping[str, Form] = FORMS, seed: int = 0) -> keras.Model:
    """A slim network with random weights (He et al. 2015): zero padding, ReLU, max pooling."""
    layers = {layer: Convolution(forms[layer], layer, seed + 3 * index) for index, layer in enumerate(LAYERS)}
    return _graph(layers, normalize)


def teacher(file: Path, dtype: str = "bfloat16") -> keras.Model:
    """VGG19 with the weights of a Keras file (.h5); it is not trained.

    Args:
        file: all sixteen layers, as Keras publishes them.
        dtype: number format of the convolutions and of the features.

    Raises:
        InputError: the file is missing, of another kind, or lacks layers.
    """
    weights = read_keras(file)
    missing = [layer for layer in LAYERS if layer not in weights]
    if missing:
        raise InputError(f"{file} lacks {missing[0]}; the teacher needs all sixteen layers of VGG19")
    kernel, bias = weights[LAYERS[0]]
    weights[LAYERS[0]] = (kernel[:, :, ::-1], bias)  # Keras's VGG19 takes blue, green, red
    mean = np.array(IMAGENET_MEAN[::-1], np.float32)
    layers = {name: Convolution(Form(len(weights[name][1])), name, dtype=dtype) for name in LAYERS}
    model = _graph(layers, lambda image: image * 255.0 - mean)
    load(model, weights)
    model.trainable = False
    return model


def normalize(image: Any) -> Any:
    """RGB 0..1 -> the student's input."""
    return (image - MEAN) / DEVIATION


def load(network: keras.Model, weights: Weights) -> None:
    """Copy `weights` into a network of the same forms."""
    for name in LAYERS:
        network.get_layer(name).set_weights(list(weights[name]))


def weights_of(network: keras.Model) -> dict[str, tuple[np.ndarray, ...]]:
    """`{layer: (kernel, ..., bias)}` of a network's convolutions, float32."""
    return {
        name: tuple(np.asarray(value, np.float32) for value in network.get_layer(name).get_weights()) for name in LAYERS
    }


def features(network: keras.Model, images: Any) -> dict[str, Any]:
    """`{layer: features}` of `images`, float32."""
    return {layer: ops.cast(value, "float32") for layer, value in network(images).items()}


def _graph(layers: Mapping[str, keras.layers.Layer], preprocess: Transform) -> keras.Model:
    """The graph of VGG19."""
    image = keras.Input((None, None, 3), name="image")
    x, found = preprocess(image), {}
    for name, layer in layers.items():
        x = found[name] = layer(pooled(x, name))
    return keras.Model(image, found)


def pooled(x: Any, layer: str) -> Any:
    """The input of `layer`: max-pooled if it begins a block other than the first."""
    return ops.max_pool(x, 2) if begins_block(layer) and layer != LAYERS[0] else x
