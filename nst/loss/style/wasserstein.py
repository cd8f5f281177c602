"""Style as normal distributions, compared by the 2-Wasserstein distance.

crowsonkb, style-transfer-pytorch; the distance itself: Dowson & Landau 1982.

With mu, S the mean and the covariance over positions of the picture's C channels at one layer, m, T the style's:

    canonical   mean((mu - m)^2) + tr(S + T - 2 (T^1/2 S T^1/2)^1/2) / C
    term        weight * sum over layers of layer_weight * normalizer * canonical

normalizer    a factor                              what the term becomes per layer
target        1 / (mean(m^2) + tr(T) / C)           relative squared error: no unit
mean          1                                     crowsonkb's

`epsilon` on the diagonals keeps the matrix roots smooth, as in crowsonkb's code. Departure: roots are computed from
eigenvalues, where crowsonkb takes twelve Newton-Schulz steps; tr (T^1/2 S T^1/2)^1/2 is the sum of the eigenvalues'
square roots.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import tensorflow as tf

from nst.errors import check_number
from nst.loss.contract import Reference, Target
from nst.loss.per_layer import Normalizer, PerLayer, averaged
from nst.loss.statistics import second_moments
from nst.state import Features, Scalar, Tensor

FLOOR = 1e-7  # smallest eigenvalue relative to the largest; below it is float32's noise


@dataclass(frozen=True)
class Wasserstein(PerLayer):
    """Style loss: squared 2-Wasserstein distance of normal distributions (crowsonkb, style-transfer-pytorch).

    The formula is at the top of the file; for the other Args and Raises see `PerLayer`.

    Args:
        epsilon: added to the variances, above 0.
    """

    term: ClassVar[str] = "loss.style"
    normalizers: ClassVar[Mapping[str, Normalizer]] = {
        "target": lambda T, C, M, HW: 1 / (tf.reduce_mean(T["mean"] ** 2) + T["trace"] / C + 1e-12),
        "mean": lambda T, C, M, HW: 1.0,
    }

    weight: float = field(default=8.0, compare=False)
    layers: Sequence[str] = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
    epsilon: float = field(default=1e-4, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number(f"{self.term}.epsilon", self.epsilon, above=0)

    def target(self, reference: Reference) -> Target:
        """Mean, and square root and trace of the covariance, from the styles' averaged means and second moments."""
        means = averaged(reference, self.layers, lambda features: tf.reduce_mean(features, [0, 1, 2]))
        seconds = averaged(reference, self.layers, second_moments)
        values = {layer: self._normal(means[layer], seconds[layer]) for layer in self.layers}
        return Target(values, self.scales(values, reference))

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: squared distance / C}`."""
        return {layer: self._distance(features[layer], target[layer]) for layer in self.layers}

    def _normal(self, mean: Tensor, second: Tensor) -> dict[str, Any]:
        covariance = self._covariance(mean, second)
        return {"mean": mean, "root": root(covariance), "trace": tf.linalg.trace(covariance)}

    def _covariance(self, mean: Tensor, second: Tensor) -> Tensor:
        return second - mean[:, None] * mean[None] + self.epsilon * tf.eye(mean.shape[0], dtype=mean.dtype)

    def _distance(self, features: Tensor, target: Any) -> Tensor:
        mean = tf.reduce_mean(features, [0, 1, 2])
        covariance = self._covariance(mean, second_moments(features))
        between = trace_of_root(target["root"] @ covariance @ target["root"])
        traces = tf.linalg.trace(covariance) + target["trace"] - 2 * between
        return tf.reduce_mean((mean - target["mean"]) ** 2) + traces / mean.shape[0]


def root(matrix: Any) -> Tensor:
    """The symmetric square root of a symmetric positive semidefinite matrix `[C,C]`."""
    values, vectors = tf.linalg.eigh(matrix)
    return vectors * tf.sqrt(tf.maximum(values, 0)) @ tf.transpose(vectors)


@tf.custom_gradient
def trace_of_root(matrix: Any) -> Tensor:
    """tr M^1/2 of such a matrix M; the gradient, M^-1/2 / 2, needs no derivatives of eigenvectors."""
    values, vectors = tf.linalg.eigh((matrix + tf.transpose(matrix)) / 2)
    values = tf.maximum(values, FLOOR * values[-1])

    def gradient(upstream: Tensor) -> Tensor:
        return upstream / 2 * (vectors * tf.math.rsqrt(values)) @ tf.transpose(vectors)

    return tf.reduce_sum(tf.sqrt(values)), gradient
