"""Content as edges (Li et al. 2017, "Laplacian-Steered Neural Style Transfer", equations 2 and 3).

With D(x) the picture x averaged over squares of p x p pixels, convolved with the Laplacian (0 -1 0, -1 4 -1, 0 -1 0)
and summed over R, G and B, and c the content:

    canonical   mean((D(x) - D(c))^2)           for each p of `pools`
    term        weight * sum over pools of pool_weight * normalizer * canonical

normalizer    a factor                          what the term becomes per pool
target        1 / mean(D(c)^2)                  relative squared error: no unit; mean(D(c)^2) counts as at least 0.001
mean          1                                 mean((D(x) - D(c))^2)
sum           values of D                       sum((D(x) - D(c))^2), the paper's

The paper adds this loss to a content loss over features (`loss/content=mix`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import tensorflow as tf

from nst.errors import InputError, check_count, check_list, check_name, check_number
from nst.layers import IMAGE
from nst.loss.contract import Loss, Reference, Target
from nst.state import Features, Scalar, Tensor

FLAT = 1e-3  # lower bound of mean(D(c)^2), for a content without edges: noise of one gray level at p = 1
KERNEL = ((0.0, -1.0, 0.0), (-1.0, 4.0, -1.0), (0.0, -1.0, 0.0))


@dataclass(frozen=True)
class Laplacian(Loss):
    """Content loss: mean squared distance of Laplacians (Li et al. 2017); the formula is at the top of the file.

    Args:
        weight: 0 to 1e30; 0 leaves the term out.
        pools: sides of the averaged squares, in pixels, at least 1; each only once.
        pool_weights: one factor per pool, 0 to 1e30, not normalized; null is the mean over the pools.
        normalizer: a key of `normalizers`.

    Raises:
        InputError: a setting is out of range or unknown, or the number of pool weights is wrong.
    """

    term: ClassVar[str] = "loss.content"
    normalizers: ClassVar[Mapping[str, Callable[[Tensor], Tensor]]] = {
        "target": lambda D: 1 / tf.maximum(tf.reduce_mean(D**2), tf.cast(FLAT, D.dtype)),
        "mean": lambda D: 1.0,
        "sum": lambda D: tf.cast(tf.size(D), D.dtype),
    }

    weight: float = field(default=3.0, compare=False)
    layers: Sequence[str] = field(default=(IMAGE,), init=False)
    pools: Sequence[int] = (4, 16)
    pool_weights: Sequence[float] | None = field(default=None, compare=False)
    normalizer: str = field(default="target", compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        pools = tuple(check_count(f"{self.term}.pools", pool, at_least=1) for pool in self._list("pools", self.pools))
        if not pools or len(set(pools)) < len(pools):
            raise InputError(f"{self.term}.pools must name at least one side, and each only once")
        object.__setattr__(self, "pools", pools)
        check_name(f"{self.term}.normalizer", self.normalizer, self.normalizers)
        if self.pool_weights is not None:
            weights = self._list("pool_weights", self.pool_weights)
            if len(weights) != len(pools):
                raise InputError(f"{self.term}.pool_weights: {len(weights)} for {len(pools)} pools; give one per pool")
            for weight in weights:
                check_number(f"{self.term}.pool_weights", weight, at_least=0, at_most=1e30)

    def _list(self, name: str, value: object) -> list[Any]:
        return check_list(f"{self.term}.{name}", value)

    def target(self, reference: Reference) -> Target:
        """The content's Laplacians."""
        values = {_name(pool): laplacian(reference.content[IMAGE], pool) for pool in self.pools}
        shares = self.pool_weights or (1 / len(self.pools),) * len(self.pools)
        factor = self.normalizers[self.normalizer]
        return Target(
            values,
            {
                name: tf.cast(self.weight * share * factor(D), D.dtype)
                for share, (name, D) in zip(shares, values.items(), strict=True)
            },
        )

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{pool: mean((D(x) - D(c))^2)}`."""
        found = {_name(pool): laplacian(features[IMAGE], pool) for pool in self.pools}
        return {name: tf.reduce_mean((D - target[name]) ** 2) for name, D in found.items()}


def _name(pool: int) -> str:
    return f"pool{pool}"


def laplacian(image: Tensor, pool: int) -> Tensor:
    """`[1,H,W,3]` -> `[1,H/pool,W/pool,1]`, sizes rounded up; edge values are repeated beyond the edge."""
    small = tf.nn.avg_pool2d(image, pool, pool, "SAME") if pool > 1 else image
    gray = tf.reduce_sum(small, -1, keepdims=True)
    edged = tf.pad(gray, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    return tf.nn.conv2d(edged, tf.constant(KERNEL, gray.dtype, [3, 3, 1, 1]), 1, "VALID")
