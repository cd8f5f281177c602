"""Content as features (Gatys et al. 2016, equation 1).

With F the features of the picture and P those of the content, both [M positions, C channels] at one layer:

    canonical   c = mean((F - P)^2)
    term        weight * sum over layers of layer_weight * normalizer * c

normalizer    a factor on c                    what the term becomes per layer
target        1 / mean(P^2)                    the part of P's energy that is off: no unit, the same for every layer
mean          1                                mean((F - P)^2)
sum           C M                              sum((F - P)^2)
half_sum      C M / 2                          1/2 sum((F - P)^2), the paper's
root          sqrt(C M) / 2                    sum((F - P)^2) / (2 sqrt(C) sqrt(M))
image_root    C M / (2 sqrt(C H W))            as root, with the picture's H W positions in place of the layer's
image_mean    M / (H W)                        sum((F - P)^2) / (C H W)

Departure: `target` is the default, the paper's is `half_sum`, whose value grows with the picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import tensorflow as tf

from nst.loss.contract import Reference, Target
from nst.loss.per_layer import Normalizer, PerLayer
from nst.state import Features as FeatureMaps
from nst.state import Scalar


@dataclass(frozen=True)
class Features(PerLayer):
    """Mean square distance of features; the formula is on top of the file, the settings are `PerLayer`'s."""

    term: ClassVar[str] = "loss.content"
    normalizers: ClassVar[Mapping[str, Normalizer]] = {
        "target": lambda P, C, M, HW: 1 / (tf.reduce_mean(P**2) + 1e-12),
        "mean": lambda P, C, M, HW: 1.0,
        "sum": lambda P, C, M, HW: C * M,
        "half_sum": lambda P, C, M, HW: C * M / 2,
        "root": lambda P, C, M, HW: (C * M) ** 0.5 / 2,
        "image_root": lambda P, C, M, HW: C * M / (2 * (C * HW) ** 0.5),
        "image_mean": lambda P, C, M, HW: M / HW,
    }

    weight: float = field(default=1.0, compare=False)
    layers: Sequence[str] = ("block4_conv2",)

    def target(self, reference: Reference) -> Target:
        """The content's features themselves."""
        values = {layer: reference.content[layer] for layer in self.layers}
        return Target(values, self.scales(values, reference))

    def __call__(self, features: FeatureMaps, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """{layer: mean((F - P)^2)}."""
        return {layer: tf.reduce_mean((features[layer] - target[layer]) ** 2) for layer in self.layers}
