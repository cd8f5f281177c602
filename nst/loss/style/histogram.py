"""Style as one histogram per channel.

Risser et al. 2017, "Stable and Controllable Neural Texture Synthesis and Style Transfer Using Histogram Losses",
section 4.2.

With O the picture's features at one layer, and R(O) those features after histogram matching: each channel's values
have the histogram of the style's and keep their order:

    canonical   mean((O - R(O))^2)
    term        weight * sum over layers of layer_weight * normalizer * canonical

normalizer    a factor                          what the term becomes per layer
target        1 / mean(S^2)                     relative squared error: no unit; S the style's values
mean          1                                 mean((O - R(O))^2)
sum           C M                               sum((O - R(O))^2), the paper's

As in the paper, the gradient treats R(O) as a constant, and the default layers are block1_conv1 and block4_conv1. The
paper adds this loss to a Gram loss (`loss/style=mix`). Departure: values are matched by rank, the limit of infinitely
many bins, where the paper uses 256.
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
    """Style loss: mean squared distance of sorted activations, channel by channel (Risser et al. 2017, section 4.2).

    The formula and the normalizers are at the top of the file; for Args and Raises see `PerLayer`.
    """

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
        """Sorted values, their order, the values they are matched with, and gradients."""
        return 5

    def target(self, reference: Reference) -> Target:
        """The styles' sorted values, resampled to the content's M positions and averaged: `[1,C,M,1]`."""
        values = {}
        for layer in self.layers:
            count = positions(reference.content[layer])
            parts = [share * between(_channels(features[layer]), count) for features, share in reference.styles]
            values[layer] = tf.add_n(parts)[None, :, :, None]
        return Target(values, self.scales(values, reference))

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: mean((O - R(O))^2)}`."""
        return {layer: matched(_channels(features[layer]), target[layer][0, :, :, 0]) for layer in self.layers}


def _channels(features: Tensor) -> Tensor:
    """`[1,h,w,C]` -> `[C, h w]`."""
    return tf.transpose(matrix(features))
