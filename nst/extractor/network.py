"""Network: VGG's graph up to the deepest requested layer, with any widths (Simonyan & Zisserman 2015, table 1).

It is not a Keras model, because precision, pooling, padding and the last layer are configurable. A test compares the
features with those of `keras.applications.VGG19`.
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

Tap = Callable[[str, Tensor], Tensor]
Kernels = Mapping[
    str, tuple[np.ndarray, ...]
]  # {layer: (kernel [3,3,in,out], bias [out])}; see `Layer` for several kernels


@dataclass(frozen=True)
class Source:
    """Origin of a network's weights, for the record."""

    name: str  # vgg19, vgg16 or vgg19_slim
    file: str
    sha256: str
    instead_of: str = ""  # the extractor it replaces, and why
    origin: str = ""  # source of the file
    license: str = ""  # authors and license of the weights


class Network:
    """A loaded network: called with a picture and names of layers, it returns features.

    Args:
        weights: `{layer: (kernel, bias)}`, or `{layer: (kernel, ..., bias)}` for several kernels in a layer
            (`nst.extractor.ops.convolution.Layer`); a layer is available if it and all before it have weights.
        preprocess: `[1,H,W,3]`, RGB 0..1 -> the input that the weights were trained on.
        source: origin of the weights, for messages and the record.
        options: pooling, padding, precision and convolution.
        order: names of all layers of the architecture, first to last.
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
        self.convolutions = {
            layer: Layer(
                kernels,
                bias,
                precision="float32" if layer == self.order[0] else options.precision,
                method=options.convolution,
                padding=options.padding,
            )
            for layer, (*kernels, bias) in weights.items()
        }

    def __repr__(self) -> str:
        return f"Network({self.source.name}, {len(self.layers)} layers, {self.options})"

    @property
    def layers(self) -> tuple[str, ...]:
        """The available layers, first to last: all before the first one without weights."""
        gap = next((i for i, layer in enumerate(self.order) if layer not in self.weights), len(self.order))
        return self.order[:gap]

    def require(self, layers: Iterable[str]) -> None:
        """Raise InputError, naming layer and file, unless all `layers` are available."""
        for layer in layers:
            check_name("layer", layer, LAYERS)
            if layer not in self.layers:
                raise InputError(
                    f"layer '{layer}' is not in {self.source.file}, which ends at {(self.layers or ('nothing',))[-1]}"
                    if layer in self.order
                    else f"{self.source.name} has no layer '{layer}'{suggestion(layer, self.order)}"
                )

    def needed(self, layers: Iterable[str]) -> tuple[str, ...]:
        """Return the layers that must be computed for `layers`, first to last.

        Raises:
            InputError: one of `layers` is not available.
        """
        wanted = set(layers)
        self.require(wanted)
        return self.order[: 1 + max(map(self.order.index, wanted), default=-1)]

    def pools_before(self, layer: str) -> bool:
        """Whether there is a pooling between `layer` and the layer before it."""
        return begins_block(layer) and layer != self.order[0]

    def __call__(self, image: Image, layers: Iterable[str], *, gradient: bool = True) -> Features:
        """Return `{layer: features [1,h,w,C]}`, float32, after the ReLU; see `features`."""
        found = self.features(image, layers, gradient=gradient)
        return {layer: tf.cast(x, tf.float32) for layer, x in found.items()}

    def features(
        self, image: Image, layers: Iterable[str], *, gradient: bool = True, tap: Tap = lambda _, x: x
    ) -> Features:
        """Return `{layer: features [1,h,w,C]}`, in the network's precision, after the ReLU.

        Args:
            image: `[1,H,W,3]`, RGB 0..1.
            layers: names of layers; the graph ends at the deepest.
            gradient: whether the features can be differentiated with respect to `image`. False avoids custom
                gradients: TensorFlow never frees a graph that contains them.
            tap: called with each of `layers` and its features, as soon as they are computed; it returns the features
                for the next layer.

        Raises:
            InputError: one of `layers` is not available.
        """
        found: Features = {}
        wanted, x = set(layers), self.preprocess(image)
        for name in self.needed(wanted):
            if self.pools_before(name):
                x = POOLINGS[self.options.pooling](x, 2, 2, "VALID")
            x = self.convolutions[name](x, gradient=gradient)
            if name in wanted:
                found[name] = x = tap(name, tf.cast(x, self.options.precision))
        return found

    def replace(self, *, source: Source | None = None, **options: str) -> Network:
        """Return a network with the same weights, and another source or changed options."""
        changed = replace(self.options, **options)
        other = Network(self.weights, self.preprocess, source=source or self.source, options=changed, order=self.order)
        if replace(changed, pooling=self.options.pooling) == self.options:
            other.convolutions = self.convolutions  # only the pooling may differ: share the kernels
        return other

    @cached_property
    def as_trained(self) -> Network:
        """The same network with the options of training, for the metrics."""
        return self if self.options == AS_TRAINED else self.replace(**asdict(AS_TRAINED))
