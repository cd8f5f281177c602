"""Layerwise: base of losses that depend on features only through means over positions, layer by layer.

Two things follow. The means are measured while the network is computed, so no features are kept for the loss
(`nst.loss.taps`). And those of a picture follow from those of its tiles, so a picture of any size can be measured tile
by tile (`nst.transfer.tiles`).
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from nst.loss.contract import Reference, Size, Target
from nst.loss.per_layer import PerLayer
from nst.state import Features, Scalar, Tensor

Descriptions = Sequence[tuple[Mapping[str, Any], Scalar]]  # ({layer: description}, share) of every style


class Described(NamedTuple):
    """What layerwise losses need of a reference."""

    content: Features  # at least the layers of losses that keep the content
    styles: Descriptions
    masks: Sequence[Tensor]  # as in Reference
    sizes: Mapping[str, Size]  # of the content's layers


@dataclass(frozen=True)
class Layerwise(PerLayer):
    """Base of losses that depend on each layer only through means over positions, such as a Gram matrix.

    A subclass defines `values`, `statistic` and `compare`. Features are `[1,h,w,C]`, of a picture or a tile: float32,
    or bfloat16 if the network computes in it.
    """

    @property
    def layerwise(self) -> bool:
        """True."""
        return True

    def describe(self, features: Tensor) -> Any:
        """Measure a layer of a style picture for `values`: a tensor or a structure; by default the statistic."""
        return self.statistic(features, None)

    @abstractmethod
    def values(self, known: Described) -> dict[str, Any]:
        """Return the values of the target, `{layer: values}`."""

    @abstractmethod
    def statistic(self, features: Tensor, target: Any) -> Tensor:
        """Measure a layer of the picture: means over positions, as one tensor, float32 or float64.

        Args:
            features: of the layer.
            target: the values of the loss's target at this layer; features in it are of the same positions.
        """

    def combined(self, parts: Sequence[Any], weights: Sequence[float]) -> Any:
        """The statistic, or the description, of a whole of which `parts` are measured; by default the weighted mean.

        Args:
            parts: the statistics, or the descriptions, of the parts.
            weights: the parts' shares of the positions; they sum to 1.
        """
        return tf.nest.map_structure(
            lambda *same: tf.add_n([weight * part for weight, part in zip(weights, same, strict=True)]), *parts
        )

    @abstractmethod
    def compare(self, statistic: Tensor, target: Any) -> Scalar:
        """Return the canonical value of a layer, a scalar, float32 or float64."""

    def target(self, reference: Reference) -> Target:
        """The target of a reference, by `describe` and `values`."""
        styles = [
            ({layer: self.describe(features[layer]) for layer in self.layers}, share)
            for features, share in reference.styles
        ]
        return self.target_of(Described(reference.content, styles, reference.masks, reference.sizes))

    def target_of(self, known: Described) -> Target:
        """The target of a described reference."""
        values = self.values(known)
        return Target(values, self.scales(values, known))

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: canonical value}`."""
        return {
            layer: self.compare(self.statistic(features[layer], target[layer]), target[layer]) for layer in self.layers
        }
