"""Style as the whole distribution of features.

Heitz et al. 2021, "A Sliced Wasserstein Loss for Neural Texture Synthesis", section 3.

With v a direction, p the picture's features at one layer, projected onto v and sorted, and q the style's:

    canonical   mean over directions and positions of (p - q)^2
    term        weight * sum over layers of layer_weight * normalizer * canonical

normalizer    a factor                          what the term becomes per layer
target        1 / mean(q^2)                     relative squared error: no unit
mean          1                                 the paper's

If the style has another number of positions, q is interpolated between its sorted values. With several styles, q is
their average (barycenter). Departure: the paper draws new directions at every step; here they are drawn once, and
orthogonal, so that the loss is a fixed function of the picture, as a line search needs it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from nst.errors import check_count
from nst.loss.contract import Reference, Target
from nst.loss.per_layer import Normalizer, PerLayer
from nst.loss.quantiles import between, matched
from nst.loss.statistics import matrix, positions
from nst.state import Features, Scalar, Tensor


@dataclass(frozen=True)
class SlicedWasserstein(PerLayer):
    """Style loss: mean squared distance of sorted projections (Heitz et al. 2021, section 3).

    The formula is at the top of the file; for the other Args and Raises see `PerLayer`.

    Args:
        directions: number of directions per layer, at least 1; null, or more than the layer has channels, is one per
            channel.
        seed: seed of the random directions, at least 0.
    """

    term: ClassVar[str] = "loss.style"
    normalizers: ClassVar[Mapping[str, Normalizer]] = {
        "target": lambda Q, C, M, HW: 1 / (tf.reduce_mean(Q**2) + 1e-12),
        "mean": lambda Q, C, M, HW: 1.0,
    }

    weight: float = field(default=20.0, compare=False)
    layers: Sequence[str] = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
    directions: int | None = field(default=None, kw_only=True)
    seed: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.directions is not None:
            check_count(f"{self.term}.directions", self.directions, at_least=1)
        check_count(f"{self.term}.seed", self.seed)

    @property
    def copies(self) -> float:
        """Sorted values, their order, the values they are matched with, and gradients."""
        return 5

    def target(self, reference: Reference) -> Target:
        """The styles' sorted projections, resampled to the content's M positions and averaged: `[1,D,M,1]`."""
        values = {
            layer: tf.add_n([
                share * between(self._projected(layer, features[layer]), positions(reference.content[layer]))
                for features, share in reference.styles
            ])[None, :, :, None]
            for layer in self.layers
        }  # fmt: skip
        return Target(values, self.scales(values, reference))

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: mean((p - q)^2)}`."""
        return {
            layer: matched(self._projected(layer, features[layer]), target[layer][0, :, :, 0]) for layer in self.layers
        }

    def _projected(self, layer: str, features: Tensor) -> Tensor:
        """`[1,h,w,C]` -> `[D, h w]`: projections onto the D directions."""
        channels = features.shape[-1]
        directions = tf.cast(_directions(channels, self.directions, self.seed, layer), features.dtype)
        return tf.matmul(directions, matrix(features), transpose_b=True)


def _directions(channels: int, most: int | None, seed: int, layer: str) -> np.ndarray:
    """`[D,C]`: orthonormal rows in random directions, different for every layer; `most` limits D."""
    rng = np.random.default_rng([seed, *layer.encode()])
    Q, _ = np.linalg.qr(rng.normal(size=(channels, channels)))
    return Q.T[:most]
