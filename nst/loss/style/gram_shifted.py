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
from functools import partial
from typing import Any, ClassVar

import tensorflow as tf

from nst.errors import InputError, check_flag, check_name, check_number
from nst.layers import block_of
from nst.loss.contract import Reference, Target
from nst.loss.layerwise import Described, Layerwise
from nst.loss.per_layer import Normalizer, averaged
from nst.loss.statistics import exact, products, second_moments
from nst.loss.style.gram import gram
from nst.state import Features, Scalar, Tensor

UNITS = ("mean", "one")


@dataclass(frozen=True)
class GramShifted(Layerwise):
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

    @property
    def layerwise(self) -> bool:
        """False if the layers are chained."""
        return not self.chained

    def describe(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Each channel's mean, `[C]`, and the matrix without shift, `[C,C]`."""
        return tf.reduce_mean(exact(features), [0, 1, 2]), second_moments(features)

    def values(self, known: Described) -> dict[str, Any]:
        """The styles' averaged matrices, and the shift of every layer."""
        shifts = averaged(known.styles, self.layers, lambda described: self._shift(described[0]))
        grams = {
            layer: averaged(known.styles, [layer], partial(_shifted, shift=shifts[layer]))[layer]
            for layer in self.layers
        }
        return {layer: {"gram": grams[layer], "shift": shifts[layer]} for layer in self.layers}

    def statistic(self, features: Tensor, target: Any) -> Tensor:
        """G, `[C,C]`."""
        return gram(exact(features) + target["shift"])

    def compare(self, statistic: Tensor, target: Any) -> Scalar:
        """mean((G - A)^2)."""
        return tf.reduce_mean((statistic - target["gram"]) ** 2)

    def target(self, reference: Reference) -> Target:
        """The styles' averaged matrices, and the shift of every layer."""
        if not self.chained:
            return super().target(reference)
        shifts = averaged(reference.styles, self.layers, self._shift)
        chains = [(self._chain(features, shifts), share) for features, share in reference.styles]
        grams = averaged(chains, self.layers, lambda G: G)
        values = {layer: {"gram": grams[layer], "shift": shifts[layer]} for layer in self.layers}
        return Target(values, self.scales(values, reference))

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: mean((G - A)^2)}`."""
        if not self.chained:
            return super().__call__(features, target)
        grams = self._chain(features, {layer: target[layer]["shift"] for layer in self.layers})
        return {layer: self.compare(grams[layer], target[layer]) for layer in self.layers}

    def _shift(self, activations: Tensor) -> Tensor:
        unit = tf.reduce_mean(activations) if self.unit == "mean" else tf.ones([], activations.dtype)
        return self.shift * unit

    def _chain(self, features: Features, shifts: Mapping[str, Any]) -> dict[str, Tensor]:
        shifted = {layer: features[layer] + shifts[layer] for layer in self.layers}
        return {
            layer: products(shifted[layer], smaller(shifted[before], block_of(layer) - block_of(before)))
            for layer, before in zip(self.layers, [self.layers[0], *self.layers[:-1]], strict=True)
        }


def _shifted(described: tuple[Tensor, Tensor], shift: Scalar) -> Tensor:
    """(F + t)^T (F + t) / M from the means of F and F^T F / M."""
    mean, second = described
    crossed = mean[:, None] + mean[None]
    return second + shift * crossed + shift**2


def smaller(features: Tensor, blocks: int) -> Tensor:
    """Average the features over 2x2 positions, `blocks` times: to the size of a layer so many blocks deeper."""
    for _ in range(blocks):
        features = tf.nn.avg_pool2d(features, 2, 2, "VALID")
    return features
