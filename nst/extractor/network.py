"""The VGG19 graph up to the deepest layer asked for (Simonyan & Zisserman 2015, table 1, column E), any widths.

Its own few lines instead of a Keras model, so that precision, pooling and the cut are ours to choose; a test holds
the features against `keras.applications.VGG19`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from nst.errors import InputError, check_name
from nst.extractor.convolution import Layer
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


class Block:
    """The layers between two poolings: call it with their input.

    Args:
        layers: their names and what computes each, first to last, as far as they are wanted.
        wanted: of which features are given.
        pool: of the input; None for the first block.
    """

    def __init__(
        self, layers: Mapping[str, Callable[[Any], Any]], wanted: Iterable[str], pool: Callable[..., Any] | None
    ) -> None:
        self.layers = tuple(layers)
        self._layers, self._wanted, self._pool = layers, set(wanted), pool

    def __call__(self, x: Any) -> tuple[Any, Features]:
        """(the last layer's output, features of those wanted in float32)."""
        features: Features = {}
        if self._pool:
            x = self._pool(x, 2, 2, "VALID")
        for name, layer in self._layers.items():
            x = layer(x)
            if name in self._wanted:
                features[name] = tf.cast(x, tf.float32)
        return x, features


class Network:
    """A loaded network; call it with a picture and the layers wanted.

    Args:
        weights: for each layer it has; a layer may be called if it and all before it are there.
        preprocess: `[1,H,W,3]` RGB 0..1 -> what the weights were trained on.
        pooling: between the blocks, `max` as trained, or `avg` as Gatys et al. (2016, section 2) prefer.
        precision: `float32` or `bfloat16`, of the convolutions but the first: bfloat16 has eight bits, no more than a
            picture, and its gradient wants more.
        source: for messages and the record.
        convolution: `direct` or `winograd`, how it is computed (`nst.extractor.convolution`).
        recompute: whether a run's backward pass computes its blocks again (`nst.recompute`).
    """

    def __init__(
        self,
        weights: Weights,
        preprocess: Callable[[Any], Any],
        *,
        pooling: str,
        precision: str,
        source: Source,
        convolution: str = "direct",
        recompute: bool = False,
    ) -> None:
        self.source = source
        self.pooling = check_name("extractor.pooling", pooling, POOLINGS)
        self.precision = precision
        self.convolution = convolution
        self.recompute = recompute
        self.weights = weights
        self.preprocess = preprocess
        self._with_gradient = True
        self._convolutions = {
            layer: Layer(kernel, bias, precision="float32" if layer == LAYERS[0] else precision, method=convolution)
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
        features: Features = {}
        x = self.preprocess(image)
        for block in self.blocks(layers):
            x, found = block(x)
            features |= found
        return features

    def blocks(self, layers: Iterable[str]) -> list[Block]:
        """The network as far as `layers` want it."""
        wanted = set(layers)
        self.require(wanted)
        needed = LAYERS[: 1 + max(map(LAYERS.index, wanted), default=-1)]
        found = []
        for _, names in groupby(needed, key=lambda name: name.partition("_")[0]):
            layers_here = {name: self._computed(name) for name in names}
            found.append(Block(layers_here, wanted, POOLINGS[self.pooling] if found else None))
        return found

    def _computed(self, name: str) -> Callable[[Any], Any]:
        layer = self._convolutions[name]
        return layer if self._with_gradient else layer.fixed

    def but(self, **changes: Any) -> Network:
        """The same weights with another `pooling`, `precision`, `source`, `convolution` or `recompute`."""
        kept = {name: getattr(self, name) for name in ("pooling", "precision", "source", "convolution", "recompute")}
        other = Network(self.weights, self.preprocess, **{**kept, **changes})
        if (other.precision, other.convolution) == (self.precision, self.convolution):
            other._convolutions = self._convolutions
        return other

    @cached_property
    def fixed(self) -> Network:
        """The network where no gradient is wanted."""
        other = self.but(recompute=False)
        other._with_gradient = False
        return other

    @cached_property
    def recomputing(self) -> Network:
        """The network, sparing with memory."""
        return self if self.recompute else self.but(recompute=True)

    @cached_property
    def judge(self) -> Network:
        """The network as the metrics use it: float32, max pooling, direct, however the run had it."""
        if (self.pooling, self.precision, self.convolution) == ("max", "float32", "direct"):
            return self
        return self.but(pooling="max", precision="float32", convolution="direct", recompute=False)
