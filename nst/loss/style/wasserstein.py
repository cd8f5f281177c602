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

With fewer positions than channels, or in a flat picture, only `epsilon` keeps S and T from being singular. The product
then has eigenvalues of about its square, which float32 cannot distinguish from 0. So matrices are in float64, and sums
over positions too, if these are few. S >= epsilon I implies T^1/2 S T^1/2 >= epsilon T; so the k-th eigenvalue on the
left is at least the k-th on the right (Weyl 1912), and smaller values, which are rounding errors, are replaced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import tensorflow as tf

from nst.errors import check_number
from nst.loss.contract import Reference, Target
from nst.loss.per_layer import Normalizer, PerLayer
from nst.loss.statistics import positions, products
from nst.state import Features, Scalar, Tensor

FEW = 32  # positions per channel; below it, sums over positions are in float64: 67 MB for 512 channels


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
        """Mean, and root, trace and eigenvalues of the covariance, of the positions of all styles."""
        values = {layer: self._described(*_pooled(reference, layer)) for layer in self.layers}
        return Target(values, self.scales(values, reference))

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: squared distance / C}`, never below 0."""
        return {layer: self._distance(features[layer], target[layer]) for layer in self.layers}

    def _described(self, mean: Tensor, covariance: Tensor) -> dict[str, Any]:
        values, vectors = tf.linalg.eigh(covariance)
        values = tf.maximum(values, 0) + self.epsilon
        root = _composed(tf.sqrt(values), vectors)
        return {"mean": mean, "root": root, "trace": tf.reduce_sum(values), "least": self.epsilon * values}

    def _distance(self, features: Tensor, target: Any) -> Tensor:
        mean, covariance = normal(features)
        covariance += self.epsilon * tf.eye(mean.shape[0], dtype=mean.dtype)
        between = trace_of_root(target["root"] @ covariance @ target["root"], target["least"])
        traces = tf.linalg.trace(covariance) + target["trace"] - 2 * between
        distance = tf.reduce_mean((mean - target["mean"]) ** 2) + traces / mean.shape[0]
        below = tf.stop_gradient(tf.minimum(distance, 0))  # a rounding error; the gradient stays
        return tf.cast(distance - below, features.dtype)


def normal(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean `[C]` and covariance `[C,C]` over the positions of `[1,h,w,C]`, in float64."""

    def exact() -> tuple[Tensor, Tensor]:
        return _moments(tf.cast(features, tf.float64))

    def quick() -> tuple[Tensor, Tensor]:
        mean, covariance = (tf.cast(part, tf.float64) for part in _moments(features))
        return mean, positive(covariance)

    return tf.cond(positions(features) < FEW * features.shape[-1], exact, quick)


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    mean = tf.reduce_mean(features, [0, 1, 2])
    centered = features - mean
    covariance = products(centered, tf.stop_gradient(centered))
    return mean, 2 * covariance - tf.stop_gradient(covariance)  # the gradient of both factors at the cost of one


def _pooled(reference: Reference, layer: str) -> tuple[Tensor, Tensor]:
    """Mean and covariance of the positions of all styles at `layer`, weighted by the styles' shares."""
    shares = tf.stack([tf.cast(share, tf.float64) for _, share in reference.styles])
    shares /= tf.reduce_sum(shares)  # 1 in float64, too
    means, within = (tf.stack(part) for part in zip(*(normal(f[layer]) for f, _ in reference.styles), strict=True))
    mean = tf.tensordot(shares, means, 1)
    apart = means - mean
    between = tf.transpose(apart) @ (shares[:, None] * apart)
    return mean, tf.tensordot(shares, within, 1) + between


def _composed(values: Tensor, vectors: Tensor) -> Tensor:
    """The symmetric matrix of eigenvalues `[C]` and eigenvectors `[C,C]`."""
    return vectors * values @ tf.transpose(vectors)


@tf.custom_gradient
def positive(matrix: Any) -> Any:
    """A covariance without the negative eigenvalues of its rounding errors; the gradient passes unchanged."""
    values, vectors = tf.linalg.eigh(matrix)
    return _composed(tf.maximum(values, 0), vectors), lambda upstream: upstream


@tf.custom_gradient
def trace_of_root(matrix: Any, least: Any) -> Any:
    """tr M^1/2 of a symmetric M `[C,C]`; the gradient, M^-1/2 / 2, needs no derivatives of eigenvectors.

    Args:
        matrix: M.
        least: lower bounds of its eigenvalues, `[C]`, ascending, above 0.
    """
    values, vectors = tf.linalg.eigh(matrix)
    values = tf.maximum(values, least)

    def gradient(upstream: Tensor) -> tuple[Tensor, None]:
        return upstream / 2 * _composed(tf.math.rsqrt(values), vectors), None

    return tf.reduce_sum(tf.sqrt(values)), gradient
