"""Style as means and standard deviations (Li et al. 2017, "Demystifying Neural Style Transfer", section 4.2: BN).

With mu, sigma the means and standard deviations, over positions, of the picture's C channels at one layer, and m, s
those of the style:

    canonical   mean((mu - m)^2) + mean((sigma - s)^2)
    term        weight * sum over layers of layer_weight * normalizer * canonical

normalizer    a factor                          what the term becomes per layer
target        1 / (mean(m^2) + mean(s^2))       relative squared error: no unit
mean          1                                 the paper's; its 1/N_l is the mean over the channels
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import tensorflow as tf

from nst.loss.contract import Reference, Target
from nst.loss.per_layer import Normalizer, PerLayer, averaged
from nst.state import Features, Scalar, Tensor

TINY = 1e-8  # added to a variance: sqrt has no finite gradient at 0


def moments(features: Tensor) -> Tensor:
    """`[1,h,w,C]` -> `[2,C]`: each channel's mean and standard deviation."""
    mean, variance = tf.nn.moments(features[0], [0, 1])
    return tf.stack([mean, tf.sqrt(variance + TINY)])


@dataclass(frozen=True)
class Moments(PerLayer):
    """Style loss: mean squared distance of means and standard deviations (Li et al. 2017, section 4.2).

    The formula and the normalizers are at the top of the file; for Args and Raises see `PerLayer`.
    """

    term: ClassVar[str] = "loss.style"
    normalizers: ClassVar[Mapping[str, Normalizer]] = {
        "target": lambda T, C, M, HW: 1 / (2 * tf.reduce_mean(T**2) + 1e-12),
        "mean": lambda T, C, M, HW: 1.0,
    }

    weight: float = field(default=15.0, compare=False)
    layers: Sequence[str] = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")

    def target(self, reference: Reference) -> Target:
        """The styles' averaged moments, `[2,C]`."""
        values = averaged(reference, self.layers, moments)
        return Target(values, self.scales(values, reference))

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: mean((mu - m)^2) + mean((sigma - s)^2)}`."""
        return {layer: 2 * tf.reduce_mean((moments(features[layer]) - target[layer]) ** 2) for layer in self.layers}
