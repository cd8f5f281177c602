"""Style as Gram matrices (Gatys et al. 2016, equations 3-5).

With F the features of the picture at one layer, [M positions, C channels]:

    G = F^T F / M                              [C, C], the channels' second moments
    canonical   s = mean((G - A)^2)            A the style's G
    term        weight * sum over layers of layer_weight * normalizer * s

normalizer    a factor on s                    what the term becomes per layer
target        1 / mean(A^2)                    relative squared error: no unit, comparable between layers
mean          1                                mean((G - A)^2)
gatys         1 / 4                            sum((F^T F - A^T A)^2) / (4 C^2 M^2), the paper's
channels      1 / C^2                          mean((F^T F / (C M) - ...)^2)
image         C^2 M^2 / (36 (H W)^2)           sum((F^T F - ...)^2) / (4 3^2 (H W)^2), H W the picture's pixels

Departures: G is divided by M, so that pictures of different sizes are comparable; the default is `target`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import tensorflow as tf

from nst.loss.layerwise import Described, Layerwise
from nst.loss.per_layer import Normalizer, averaged
from nst.loss.statistics import matrix, second_moments
from nst.state import Scalar, Tensor


@tf.custom_gradient
def gram(features: Tensor) -> Tensor:
    """`[1,h,w,C]` -> `[C,C]`, float32: the Gram matrix F^T F / M.

    The custom gradient, F (D + D^T) / M, needs one matrix product; automatic differentiation needs two.
    """
    F = matrix(features)

    def gradient(D: Tensor) -> Tensor:
        count = tf.cast(tf.shape(F)[0], D.dtype)
        return tf.reshape(tf.matmul(F, tf.cast((D + tf.transpose(D)) / count, F.dtype)), tf.shape(features))

    return second_moments(features), gradient


@dataclass(frozen=True)
class Gram(Layerwise):
    """Style loss: mean squared distance of Gram matrices (Gatys et al. 2016, equations 3-5).

    The Gram matrices of several styles are averaged by their shares. The formula and the normalizers are at the top of
    the file; for Args and Raises see `PerLayer`.
    """

    term: ClassVar[str] = "loss.style"
    guidable: ClassVar[bool] = True
    normalizers: ClassVar[Mapping[str, Normalizer]] = {
        "target": lambda A, C, M, HW: 1 / (tf.reduce_mean(A**2) + 1e-12),
        "mean": lambda A, C, M, HW: 1.0,
        "gatys": lambda A, C, M, HW: 1 / 4,
        "channels": lambda A, C, M, HW: 1 / C**2,
        "image": lambda A, C, M, HW: (C * M) ** 2 / (36 * HW**2),
    }

    weight: float = field(default=8.0, compare=False)
    layers: Sequence[str] = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")

    def describe(self, features: Tensor) -> Tensor:
        """G, `[C,C]`, not to be differentiated."""
        return second_moments(features)

    def values(self, known: Described) -> dict[str, Tensor]:
        """The styles' averaged Gram matrices, `[C,C]`."""
        return averaged(known.styles, self.layers, lambda G: G)

    def statistic(self, features: Tensor, target: Tensor) -> Tensor:
        """G, `[C,C]`."""
        del target
        return gram(features)

    def compare(self, statistic: Tensor, target: Tensor) -> Scalar:
        """mean((G - A)^2)."""
        return tf.reduce_mean((statistic - target) ** 2)
