"""Content as features (Gatys et al. 2016, equation 1).

With F the features of the picture and P those of the content, both [M positions, C channels] at one layer:

    canonical   c = mean((F - P)^2)
    term        weight * sum over layers of layer_weight * normalizer * c

normalizer    a factor on c                    what the term becomes per layer
target        1 / mean(P^2)                    relative squared error: no unit, comparable between layers
mean          1                                mean((F - P)^2)
sum           C M                              sum((F - P)^2)
half_sum      C M / 2                          1/2 sum((F - P)^2), the paper's
root          sqrt(C M) / 2                    sum((F - P)^2) / (2 sqrt(C) sqrt(M))
image_root    C M / (2 sqrt(C H W))            as `root`, with the picture's H W pixels instead of the layer's M
image_mean    M / (H W)                        sum((F - P)^2) / (C H W)

Departure: the default is `target`; the paper's is `half_sum`, a value that grows with the picture's size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import tensorflow as tf

from nst.loss.layerwise import Described, Layerwise
from nst.loss.per_layer import Normalizer
from nst.loss.statistics import exact
from nst.state import Scalar, Tensor


@dataclass(frozen=True)
class Features(Layerwise):
    """Content loss: mean squared distance of features (Gatys et al. 2016, equation 1).

    The formula and the normalizers are at the top of the file; for Args and Raises see `PerLayer`.
    """

    term: ClassVar[str] = "loss.content"
    keeps_content: ClassVar[bool] = True
    normalizers: ClassVar[Mapping[str, Normalizer]] = {
        "target": lambda P, C, M, HW: 1 / (tf.reduce_mean(exact(P) ** 2) + 1e-12),
        "mean": lambda P, C, M, HW: 1.0,
        "sum": lambda P, C, M, HW: C * M,
        "half_sum": lambda P, C, M, HW: C * M / 2,
        "root": lambda P, C, M, HW: (C * M) ** 0.5 / 2,
        "image_root": lambda P, C, M, HW: C * M / (2 * (C * HW) ** 0.5),
        "image_mean": lambda P, C, M, HW: M / HW,
    }

    weight: float = field(default=1.0, compare=False)
    layers: Sequence[str] = ("block4_conv2",)

    def describe(self, features: Tensor) -> tuple[()]:
        """Nothing."""
        del features
        return ()

    def values(self, known: Described) -> dict[str, Tensor]:
        """The content's features."""
        return {layer: known.content[layer] for layer in self.layers}

    def statistic(self, features: Tensor, target: Tensor) -> Scalar:
        """mean((F - P)^2)."""
        return tf.reduce_mean((exact(features) - exact(target)) ** 2)

    def compare(self, statistic: Scalar, target: Tensor) -> Scalar:
        """The statistic."""
        del target
        return statistic
