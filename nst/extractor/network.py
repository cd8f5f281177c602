"""The VGG19 graph up to the deepest layer asked for (Simonyan & Zisserman 2015, table 1, column E), any widths.

Its own few lines instead of a Keras model, so that precision, pooling and the cut are ours to choose; a test holds
the features against `keras.applications.VGG19`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from nst.errors import InputError, check_name
from nst.layers import LAYERS
from nst.precision import Precision
from nst.record import Features

POOLINGS = {"max": tf.nn.max_pool2d, "avg": tf.nn.avg_pool2d}

Weights = Mapping[str, tuple[np.ndarray, np.ndarray]]  # {layer: (kernel [3,3,in,out], bias [out])}


@dataclass(frozen=True)
class Source:
    """Where a network's weights came from, for the record."""

    name: str  # vgg19, vgg19_slim
    file: str
    sha256: str
    instead_of: str = ""  # the extractor it stands in for, and why


class Extractor(Protocol):
    """A choice of the group: settings, and the network they stand for."""

    def load(self, *, precision: Precision = Precision.auto, fallback: bool = True) -> Network:
        """The network, loaded once per process."""
        ...


class Network:
    """A loaded network; call it with a picture and the layers wanted.

    Args:
        weights: for each layer it has; a layer may be called if it and all before it are there.
        preprocess: `[1,H,W,3]` RGB 0..1 -> what the weights were trained on.
        pooling: between the blocks, `max` as trained, or `avg` as Gatys et al. (2016, section 2) prefer.
        precision: `float32` or `bfloat16`, of the convolutions.
        source: for messages and the record.
    """

    def __init__(
        self, weights: Weights, preprocess: Callable[[Any], Any], *, pooling: str, precision: str, source: Source
    ) -> None:
        self.source = source
        self.pooling = check_name("extractor.pooling", pooling, POOLINGS)
        self.precision = precision
        self.weights = weights
        self.preprocess = preprocess
        self._tensors = {
            layer: (tf.constant(kernel, precision), tf.constant(bias, precision))
            for layer, (kernel, bias) in weights.items()
        }

    def __repr__(self) -> str:
        return f"Network({self.source.name}, {len(self.layers)} layers, pooling={self.pooling}, {self.precision})"

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that can be called, first to last: the unbroken run from the first."""
        gap = next((i for i, layer in enumerate(LAYERS) if layer not in self.weights), len(LAYERS))
        return LAYERS[:gap]

    def require(self, layers: Iterable[str]) -> None:
        """Raise InputError, naming layer and file, unless every one of `layers` can be called."""
        for layer in layers:
            check_name("layer", layer, LAYERS)
            if layer not in self.layers:
                raise InputError(
                    f"layer '{layer}' is not in {self.source.file}, which ends at {(self.layers or ('nothing',))[-1]}"
                )

    def __call__(self, image: Any, layers: Iterable[str]) -> Features:
        """Features of `image` `[1,H,W,3]`, RGB 0..1, at `layers`, each `[1,h,w,c]` float32."""
        wanted = set(layers)
        self.require(wanted)
        features: Features = {}
        x = tf.cast(self.preprocess(image), self.precision)
        for layer in LAYERS:
            if len(features) == len(wanted):
                break
            if layer.endswith("conv1") and layer != LAYERS[0]:
                x = POOLINGS[self.pooling](x, 2, 2, "VALID")
            kernel, bias = self._tensors[layer]
            x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias))
            if layer in wanted:
                features[layer] = tf.cast(x, tf.float32)
        return features

    def but(self, **changes: Any) -> Network:
        """The same weights with another `pooling`, `precision` or `source`."""
        kept = {"pooling": self.pooling, "precision": self.precision, "source": self.source}
        return Network(self.weights, self.preprocess, **{**kept, **changes})

    @cached_property
    def judge(self) -> Network:
        """The network as the metrics use it: float32 and max pooling, however the run had it."""
        if (self.pooling, self.precision) == ("max", "float32"):
            return self
        return self.but(pooling="max", precision="float32")
