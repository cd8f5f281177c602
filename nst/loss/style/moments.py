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
from typing import ClassVar

import tensorflow as tf

from nst.loss.layerwise import Described, Layerwise
from nst.loss.per_layer import Normalizer, averaged
from nst.loss.statistics import exact
from nst.state import Scalar, Tensor

TINY = 1e-8  # added to a variance: sqrt has no finite gradient at 0


def moments(measured: Tensor) -> Tensor:
    """Each channel's mean and variance, `[2,C]` -> mean and standard deviation, `[2,C]`."""
    mean, variance = tf.unstack(measured)
    return tf.stack([mean, tf.sqrt(variance + TINY)])


@dataclass(frozen=True)
class Moments(Layerwise):
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

    def values(self, known: Described) -> dict[str, Tensor]:
        """The styles' averaged moments, `[2,C]`."""
        return averaged(known.styles, self.layers, moments)

    def statistic(self, features: Tensor, target: Tensor) -> Tensor:
        """Each channel's mean and variance, `[2,C]`."""
        del target
        return tf.stack(tf.nn.moments(exact(features)[0], [0, 1]))

    def combined(self, parts: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """The mean and the variance of all positions."""
        means, variances = tf.unstack(tf.stack(parts), axis=1)
        shares = tf.constant(weights, means.dtype)
        mean = tf.tensordot(shares, means, 1)
        return tf.stack([mean, tf.tensordot(shares, variances + (means - mean) ** 2, 1)])

    def compare(self, statistic: Tensor, target: Tensor) -> Scalar:
        """mean((mu - m)^2) + mean((sigma - s)^2)."""
        return 2 * tf.reduce_mean((moments(statistic) - target) ** 2)
