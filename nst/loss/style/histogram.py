"""Style as one distribution per channel.

Risser et al. 2017, "Stable and Controllable Neural Texture Synthesis and Style Transfer Using Histogram Losses",
section 4.2.

With O the picture's features at one layer, and R(O) the same, each channel's values changed so that their histogram
is the style's and their order stays:

    canonical   mean((O - R(O))^2)
    term        weight * sum over layers of layer_weight * normalizer * canonical

normalizer    a factor                          what the term becomes per layer
target        1 / mean(S^2)                     the part that is off: no unit; S the style's values
mean          1                                 mean((O - R(O))^2)
sum           C M                               sum((O - R(O))^2), the paper's

As in the paper, R(O) is taken for constant in the gradient. Departures: values are matched by their rank, which is
what the paper's 256 bins come to as they grow in number; the paper's layers are block1_conv1 and block4_conv1, beside
a Gram loss (`loss/style=mix`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import tensorflow as tf

from nst.loss.contract import Reference, Target
from nst.loss.per_layer import Normalizer, PerLayer
from nst.loss.quantiles import between, matched
from nst.loss.statistics import matrix, positions
from nst.state import Features, Scalar, Tensor


@dataclass(frozen=True)
class Histogram(PerLayer):
    """Square distance of sorted activations, channel by channel; the settings are `PerLayer`'s."""

    term: ClassVar[str] = "loss.style"
    normalizers: ClassVar[Mapping[str, Normalizer]] = {
        "target": lambda S, C, M, HW: 1 / (tf.reduce_mean(S**2) + 1e-12),
        "mean": lambda S, C, M, HW: 1.0,
        "sum": lambda S, C, M, HW: C * M,
    }

    weight: float = field(default=15.0, compare=False)
    layers: Sequence[str] = ("block1_conv1", "block4_conv1")

    @property
    def copies(self) -> float:
        """Values in order, which they were, what they are matched with, and gradients."""
        return 5

    def target(self, reference: Reference) -> Target:
        """The styles' values in order, at as many places as the content has positions, averaged: `[1,C,M,1]`."""
        values = {}
        for layer in self.layers:
            count = positions(reference.content[layer])
            parts = [share * between(_channels(features[layer]), count) for features, share in reference.styles]
            values[layer] = tf.add_n(parts)[None, :, :, None]
        return Target(values, self.scales(values, reference))

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """{layer: mean((O - R(O))^2)}."""
        return {layer: matched(_channels(features[layer]), target[layer][0, :, :, 0]) for layer in self.layers}


def _channels(features: Tensor) -> Tensor:
    """`[1,h,w,C]` -> `[C, h w]`."""
    return tf.transpose(matrix(features))
