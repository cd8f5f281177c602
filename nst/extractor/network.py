"""The VGG19 graph up to the deepest layer asked for (Simonyan & Zisserman 2015, table 1, column E), any widths.

Its own few lines instead of a Keras model, so that precision, pooling and the cut are ours to choose; a test holds
the features against `keras.applications.VGG19`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from nst.errors import InputError, check_name, suggestion
from nst.extractor.convolution import PADDINGS, Layer
from nst.layers import LAYERS
from nst.pins import SINGLE, Pins
from nst.precision import Precision
from nst.record import Features


def l2_pool2d(x: Any, size: int, stride: int, padding: Any) -> Any:
    """.78 times the root of the sum of squares: with it features are as large as with the maximum (crowsonkb)."""
    squares = size**2 * tf.nn.avg_pool2d(tf.cast(x, tf.float32) ** 2, size, stride, padding)
    return tf.cast(0.78 * tf.sqrt(squares + 1e-12), x.dtype)  # the root of 0 has no slope


POOLINGS = {"max": tf.nn.max_pool2d, "avg": tf.nn.avg_pool2d, "l2": l2_pool2d}

CHANGES = ("pooling", "padding", "precision", "source", "convolution", "recompute")
Weights = Mapping[str, tuple[np.ndarray, np.ndarray]]  # {layer: (kernel [3,3,in,out], bias [out])}


@dataclass(frozen=True)
class Source:
    """Where a network's weights came from, for the record."""

    name: str  # vgg19, vgg19_slim
    file: str
    sha256: str
    instead_of: str = ""  # the extractor it replaces, and why
    origin: str = ""  # what the file came from
    licence: str = ""  # of the weights, with their authors


class Extractor(Protocol):
    """A choice of the group: settings, and the network they stand for."""

    def load(self, *, precision: Precision = Precision.auto, fallback: bool = True, pins: Pins = SINGLE) -> Network:
        """The network, loaded once per process.

        Args:
            precision: what the convolutions compute in.
            fallback: whether something else may serve if the first source cannot be reached.
            pins: choices of the sweep that this run is part of.
        """
        ...


class Block:
    """Layers up to a pooling, and that: call it with their input.

    Args:
        layers: their names and what computes each, first to last, as far as they are wanted.
        wanted: of which features are given.
        pool: of the last layer's output; None where there is none, or nothing after it is wanted.
    """

    def __init__(
        self, layers: Mapping[str, Callable[[Any], Any]], wanted: Iterable[str], pool: Callable[..., Any] | None
    ) -> None:
        self.layers = tuple(layers)
        self._layers, self._wanted, self._pool = layers, set(wanted), pool

    def __call__(self, x: Any) -> tuple[Any, Features]:
        """(what goes on to the next block, features of those wanted in float32)."""
        features: Features = {}
        for name, layer in self._layers.items():
            x = layer(x)
            if name in self._wanted:
                features[name] = tf.cast(x, tf.float32)
        return self._pool(x, 2, 2, "VALID") if self._pool else x, features

    def parted(self) -> tuple[Block, Block]:
        """The first layer by itself, and the rest."""
        first, *others = self._layers.items()
        return Block(dict([first]), self._wanted, None), Block(dict(others), self._wanted, self._pool)


class Network:
    """A loaded network; call it with a picture and the layers wanted.

    Args:
        weights: for each layer it has; a layer may be called if it and all before it are there.
        preprocess: `[1,H,W,3]` RGB 0..1 -> what the weights were trained on.
        pooling: between the blocks, `max` as trained, `avg` as Gatys et al. (2016, section 2) prefer, or `l2`.
        padding: what lies beyond the edge for a convolution: `zero` as trained, `reflect`, `replicate`.
        precision: `float32` or `bfloat16`, of the convolutions but the first: bfloat16 has eight bits, no more than a
            picture, and its gradient wants more.
        source: for messages and the record.
        convolution: `direct` or `winograd`, how it is computed (`nst.extractor.convolution`).
        recompute: whether a run's backward pass computes its blocks again (`nst.recompute`).
        order: the layers that such a network has, first to last.
    """

    def __init__(
        self,
        weights: Weights,
        preprocess: Callable[[Any], Any],
        *,
        pooling: str,
        precision: str,
        source: Source,
        padding: str = "zero",
        convolution: str = "direct",
        recompute: bool = False,
        order: Sequence[str] = LAYERS,
    ) -> None:
        self.source = source
        self.order = tuple(order)
        self.pooling = check_name("extractor.pooling", pooling, POOLINGS)
        self.padding = check_name("extractor.padding", padding, PADDINGS)
        self.precision = precision
        self.convolution = convolution
        self.recompute = recompute
        self.weights = weights
        self.preprocess = preprocess
        self._with_gradient = True
        self._convolutions = {
            layer: Layer(
                kernel,
                bias,
                precision="float32" if layer == self.order[0] else precision,
                method=convolution,
                padding=padding,
            )
            for layer, (kernel, bias) in weights.items()
        }

    def __repr__(self) -> str:
        return f"Network({self.source.name}, {len(self.layers)} layers, pooling={self.pooling}, {self.precision})"

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that can be called, first to last: the unbroken run from the first."""
        gap = next((i for i, layer in enumerate(self.order) if layer not in self.weights), len(self.order))
        return self.order[:gap]

    def require(self, layers: Iterable[str]) -> None:
        """Raise InputError, naming layer and file, unless every one of `layers` can be called."""
        for layer in layers:
            check_name("layer", layer, LAYERS)
            if layer not in self.layers:
                raise InputError(
                    f"layer '{layer}' is not in {self.source.file}, which ends at {(self.layers or ('nothing',))[-1]}"
                    if layer in self.order
                    else f"{self.source.name} has no layer '{layer}'{suggestion(layer, self.order)}"
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
        needed = self.order[: 1 + max(map(self.order.index, wanted), default=-1)]
        groups = [list(names) for _, names in groupby(needed, key=lambda name: name.partition("_")[0])]
        pool = POOLINGS[self.pooling]
        return [
            Block({name: self._computed(name) for name in names}, wanted, pool if names is not groups[-1] else None)
            for names in groups
        ]

    def _computed(self, name: str) -> Callable[[Any], Any]:
        layer = self._convolutions[name]
        return layer if self._with_gradient else layer.fixed

    def but(self, **changes: Any) -> Network:
        """The same weights with something of `CHANGES` changed."""
        kept = {name: getattr(self, name) for name in CHANGES}
        other = Network(self.weights, self.preprocess, order=self.order, **{**kept, **changes})
        if (other.precision, other.convolution, other.padding) == (self.precision, self.convolution, self.padding):
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
    def as_trained(self) -> Network:
        """The network as the metrics use it: max pooling, zero padding, float32, computed directly."""
        trained = {"pooling": "max", "padding": "zero", "precision": "float32", "convolution": "direct"}
        if all(getattr(self, name) == value for name, value in trained.items()):
            return self
        return self.but(**trained, recompute=False)
