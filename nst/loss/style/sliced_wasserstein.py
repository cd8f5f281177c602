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
        "target": lambda T, C, M, HW: 1 / (tf.reduce_mean(T["sorted"] ** 2) + 1e-12),
        "mean": lambda Q, C, M, HW: 1.0,
    }

    weight: float = field(default=20.0, compare=False)
    layers: Sequence[str] = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
    directions: int | None = field(default=None, kw_only=True)
    seed: int = field(default=0, compare=False, kw_only=True)

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
        """The directions `[D,C]`, and the styles' sorted projections `[1,D,M,1]`.

        The projections are resampled to the content's M positions and averaged.
        """
        values = {layer: self._sorted(reference, layer) for layer in self.layers}
        return Target(values, self.scales(values, reference))

    def _sorted(self, reference: Reference, layer: str) -> dict[str, Tensor]:
        content = reference.content[layer]
        drawn = _directions(content.shape[-1], self.directions, self.seed, layer)
        directions, count = tf.constant(drawn, content.dtype), positions(content)
        parts = [share * between(_projected(directions, f[layer]), count) for f, share in reference.styles]
        return {"sorted": tf.add_n(parts)[None, :, :, None], "directions": directions}

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: mean((p - q)^2)}`."""
        return {
            layer: matched(_projected(own["directions"], features[layer]), own["sorted"][0, :, :, 0])
            for layer, own in target.items()
        }


def _projected(directions: Tensor, features: Tensor) -> Tensor:
    """`[D,C]`, `[1,h,w,C]` -> `[D, h w]`: projections onto the D directions."""
    return tf.matmul(directions, matrix(features), transpose_b=True)


def _directions(channels: int, most: int | None, seed: int, layer: str) -> np.ndarray:
    """`[D,C]`: orthonormal rows in random directions, different for every layer; `most` limits D."""
    rng = np.random.default_rng([seed, *layer.encode()])
    Q, _ = np.linalg.qr(rng.normal(size=(channels, channels)))
    return Q.T[:most]
