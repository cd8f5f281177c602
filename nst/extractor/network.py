"""The VGG19 graph up to the deepest layer asked for (Simonyan & Zisserman 2015, table 1, column E), any widths.

Its own few lines instead of a Keras model, so that precision, pooling and the cut are ours to choose; a test holds
the features against `keras.applications.VGG19`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np
import tensorflow as tf

from nst.errors import InputError, check_name, suggestion
from nst.extractor.ops.convolution import Layer
from nst.extractor.options import AS_TRAINED, POOLINGS, Options
from nst.layers import LAYERS, begins_block
from nst.state import Features, Image, Tensor

Kernels = Mapping[str, tuple[np.ndarray, np.ndarray]]  # {layer: (kernel [3,3,in,out], bias [out])}


@dataclass(frozen=True)
class Source:
    """Where a network's weights came from, for the record."""

    name: str  # vgg19, vgg19_slim
    file: str
    sha256: str
    instead_of: str = ""  # the extractor it replaces, and why
    origin: str = ""  # what the file came from
    licence: str = ""  # of the weights, with their authors


class Network:
    """A loaded network; call it with a picture and the layers wanted.

    Args:
        weights: for each layer it has; a layer can be called if it and all before it are there.
        preprocess: `[1,H,W,3]` RGB 0..1 -> what the weights were trained on.
        source: for messages and the record.
        options: how it computes.
        order: the layers that such a network has, first to last.
    """

    def __init__(
        self,
        weights: Kernels,
        preprocess: Callable[[Tensor], Tensor],
        *,
        source: Source,
        options: Options = AS_TRAINED,
        order: Sequence[str] = LAYERS,
    ) -> None:
        self.source = source
        self.order = tuple(order)
        self.options = options
        self.weights = weights
        self.preprocess = preprocess
        self._convolutions = {
            layer: Layer(
                kernel,
                bias,
                precision="float32" if layer == self.order[0] else options.precision,
                method=options.convolution,
                padding=options.padding,
            )
            for layer, (kernel, bias) in weights.items()
        }

    def __repr__(self) -> str:
        return f"Network({self.source.name}, {len(self.layers)} layers, {self.options})"

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

    def needed(self, layers: Iterable[str]) -> tuple[str, ...]:
        """The layers that are computed for `layers`, first to last.

        Raises:
            InputError: one of `layers` cannot be called.
        """
        wanted = set(layers)
        self.require(wanted)
        return self.order[: 1 + max(map(self.order.index, wanted), default=-1)]

    def __call__(self, image: Image, layers: Iterable[str], *, gradient: bool = True) -> Features:
        """Features of `image` `[1,H,W,3]`, RGB 0..1, at `layers`, each `[1,h,w,c]` float32.

        `gradient=False` is for features that no gradient passes through: TensorFlow never frees a graph that contains
        custom gradients.
        """
        features: Features = {}
        wanted, x = set(layers), self.preprocess(image)
        for name in self.needed(wanted):
            if begins_block(name) and name != self.order[0]:
                x = POOLINGS[self.options.pooling](x, 2, 2, "VALID")
            x = self._convolutions[name](x, gradient=gradient)
            if name in wanted:
                features[name] = tf.cast(x, tf.float32)
        return features

    def replace(self, *, source: Source | None = None, **options: str) -> Network:
        """The same weights with another source, or with some of the options changed."""
        changed = replace(self.options, **options)
        other = Network(self.weights, self.preprocess, source=source or self.source, options=changed, order=self.order)
        if replace(changed, pooling=self.options.pooling) == self.options:
            other._convolutions = self._convolutions  # pooling is all that differs: share the kernels
        return other

    @cached_property
    def as_trained(self) -> Network:
        """The network as the metrics use it."""
        return self if self.options == AS_TRAINED else self.replace(**asdict(AS_TRAINED))
