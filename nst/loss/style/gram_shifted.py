"""Style as Gram matrices of shifted activations, within or between layers.

Novak & Nikulin 2016, "Improving the Neural Algorithm of Artistic Style": activation shift, correlation chain.

With F the features of the picture at one layer, [M positions, C channels], and t the shift:

    G = (F + t)^T (F + t) / M                  [C, C]
    canonical   s = mean((G - A)^2)            A the style's G
    term        weight * sum over layers of layer_weight * normalizer * s

After a ReLU no activation is negative, so a Gram matrix mostly measures which channels are active together. With the
shift, it also measures which are inactive together. Normalizers: `target`, `mean` and `gatys`, as in gram.py.

`chained`: each layer except the first of `layers` is correlated with the layer before it instead of with itself,

    G = (F_k + t)^T (D F_{k-1} + t) / M_k      [C_k, C_{k-1}]

where D reduces the larger map to the size of the smaller by averaging. The paper enlarges the smaller map by
repetition instead, which gives the same sums at many times the cost.

Departure: the paper's shift is -1 in the network's own unit. Here the unit is the style's mean activation at the layer
(`unit=mean`), so that -1 has the same effect in every network; `unit=one` is the paper's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import tensorflow as tf

from nst.errors import InputError, check_flag, check_name, check_number
from nst.layers import block_of
from nst.loss.contract import Reference, Target
from nst.loss.per_layer import Normalizer, PerLayer, averaged
from nst.loss.statistics import products
from nst.state import Features, Scalar, Tensor

UNITS = ("mean", "one")


@dataclass(frozen=True)
class GramShifted(PerLayer):
    """Style loss: mean squared distance of shifted Gram matrices (Novak & Nikulin 2016).

    The formula is at the top of the file; for the other Args and Raises see `PerLayer`.

    Args:
        shift: added to every activation, in units of `unit`; -1e6 to 1e6.
        unit: `mean`, the style's mean activation at the layer, or `one`, the network's own unit.
        chained: correlate each layer with the one before it; `layers` must then go from shallow to deep.
    """

    term: ClassVar[str] = "loss.style"
    normalizers: ClassVar[Mapping[str, Normalizer]] = {
        "target": lambda T, C, M, HW: 1 / (tf.reduce_mean(T["gram"] ** 2) + 1e-12),
        "mean": lambda T, C, M, HW: 1.0,
        "gatys": lambda T, C, M, HW: 1 / 4,
    }

    weight: float = field(default=5.0, compare=False)
    layers: Sequence[str] = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
    shift: float = field(default=-1.0, compare=False, kw_only=True)
    unit: str = field(default="mean", kw_only=True)
    chained: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number(f"{self.term}.shift", self.shift, at_least=-1e6, at_most=1e6)
        check_name(f"{self.term}.unit", self.unit, UNITS)
        check_flag(f"{self.term}.chained", self.chained)
        blocks = [block_of(layer) for layer in self.layers]
        if self.chained and blocks != sorted(blocks):
            raise InputError(f"{self.term}.layers must go from shallow to deep if {self.term}.chained=true")

    def target(self, reference: Reference) -> Target:
        """The styles' averaged matrices, and the shift of every layer."""
        shifts = averaged(reference, self.layers, self._shift)
        grams = [
            {layer: share * gram for layer, gram in self._grams(features, shifts).items()}
            for features, share in reference.styles
        ]
        values = {
            layer: {"gram": tf.add_n([matrices[layer] for matrices in grams]), "shift": shifts[layer]}
            for layer in self.layers
        }
        return Target(values, self.scales(values, reference))

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: mean((G - A)^2)}`."""
        grams = self._grams(features, {layer: target[layer]["shift"] for layer in self.layers})
        return {layer: tf.reduce_mean((grams[layer] - target[layer]["gram"]) ** 2) for layer in self.layers}

    def _shift(self, features: Tensor) -> Tensor:
        unit = tf.reduce_mean(features) if self.unit == "mean" else tf.ones([], features.dtype)
        return self.shift * unit

    def _grams(self, features: Features, shifts: Mapping[str, Any]) -> dict[str, Any]:
        shifted = {layer: features[layer] + shifts[layer] for layer in self.layers}
        befores = [self.layers[0], *self.layers[:-1]] if self.chained else self.layers
        return {
            layer: products(shifted[layer], smaller(shifted[before], block_of(layer) - block_of(before)))
            for layer, before in zip(self.layers, befores, strict=True)
        }


def smaller(features: Tensor, blocks: int) -> Tensor:
    """Average the features over 2x2 positions, `blocks` times: to the size of a layer so many blocks deeper."""
    for _ in range(blocks):
        features = tf.nn.avg_pool2d(features, 2, 2, "VALID")
    return features
