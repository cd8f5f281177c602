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
from nst.loss.layerwise import Described, Layerwise
from nst.loss.per_layer import Normalizer
from nst.loss.statistics import exact, positions, products
from nst.state import Scalar, Tensor

FEW = 32  # positions per channel; below it, sums over positions are in float64: 67 MB for 512 channels


@dataclass(frozen=True)
class Wasserstein(Layerwise):
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

    def values(self, known: Described) -> dict[str, Any]:
        """Mean, and root, trace and eigenvalues of the covariance, of the positions of all styles."""
        shares = tf.stack([tf.cast(share, tf.float64) for _, share in known.styles])
        shares /= tf.reduce_sum(shares)  # 1 in float64, too
        return {layer: self._of_style(_pooled([d[layer] for d, _ in known.styles], shares)) for layer in self.layers}

    def statistic(self, features: Tensor, target: Any) -> Tensor:
        """Mean and covariance, `[1 + C,C]`, float64."""
        del target
        return normal(exact(features))

    def combined(self, parts: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
        """Mean and covariance of all positions."""
        return _pooled(parts, tf.constant(weights, tf.float64))

    def compare(self, statistic: Tensor, target: Any) -> Scalar:
        """Squared distance / C, never below 0."""
        mean, covariance = _mean_and_covariance(statistic)
        covariance += self.epsilon * tf.eye(mean.shape[0], dtype=mean.dtype)
        between = trace_of_root(target["root"] @ covariance @ target["root"], target["least"])
        traces = tf.linalg.trace(covariance) + target["trace"] - 2 * between
        distance = tf.reduce_mean((mean - target["mean"]) ** 2) + traces / mean.shape[0]
        below = tf.stop_gradient(tf.minimum(distance, 0))  # a rounding error; the gradient stays
        return distance - below

    def _of_style(self, statistic: Tensor) -> dict[str, Any]:
        mean, covariance = _mean_and_covariance(statistic)
        values, vectors = tf.linalg.eigh(covariance)
        values = tf.maximum(values, 0) + self.epsilon
        root = _composed(tf.sqrt(values), vectors)
        return {"mean": mean, "root": root, "trace": tf.reduce_sum(values), "least": self.epsilon * values}


def normal(features: Tensor) -> Tensor:
    """Mean and covariance over the positions of `[1,h,w,C]`, as `[1 + C,C]`, in float64."""

    def accurate() -> Tensor:
        mean, covariance = _moments(tf.cast(features, tf.float64))
        return tf.concat([mean[None], covariance], 0)

    def quick() -> Tensor:
        mean, covariance = (tf.cast(part, tf.float64) for part in _moments(features))
        return tf.concat([mean[None], positive(covariance)], 0)

    return tf.cond(positions(features) < FEW * features.shape[-1], accurate, quick)


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    mean = tf.reduce_mean(features, [0, 1, 2])
    centered = features - mean
    covariance = products(centered, tf.stop_gradient(centered))
    return mean, 2 * covariance - tf.stop_gradient(covariance)  # the gradient of both factors at the cost of one


def _mean_and_covariance(statistic: Tensor) -> tuple[Tensor, Tensor]:
    return statistic[0], statistic[1:]


def _pooled(parts: Sequence[Tensor], shares: Tensor) -> Tensor:
    """`normal` of all positions together, from that of each part."""
    means, within = _mean_and_covariance(tf.stack(parts, axis=1))  # [parts,C], [C,parts,C]
    mean = tf.tensordot(shares, means, 1)
    apart = means - mean
    between = tf.transpose(apart) @ (shares[:, None] * apart)
    return tf.concat([mean[None], tf.tensordot(shares, within, [[0], [1]]) + between], 0)


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
