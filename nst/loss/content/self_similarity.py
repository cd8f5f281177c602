"""Content as self-similarity.

Kolkin et al. 2019, "Style Transfer by Relaxed Optimal Transport and Self-Similarity", equation 7.

With d_ij the cosine distance of the picture's features at the positions i and j of one layer, divided by its sum over
i, and e_ij the content's:

    canonical   mean over j of sum over i of |d_ij - e_ij|          0..2
    term        weight * sum over layers of layer_weight * canonical

The value has no unit. The paper averages over i, too, so its value is smaller by the number of positions. Colors and
strokes are free to change as long as similar positions stay similar. Departures: one matrix per layer, where the paper
concatenates several layers; positions on a fixed grid, where the paper draws new ones at every step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import tensorflow as tf

from nst.errors import check_count
from nst.loss.contract import Reference, Target
from nst.loss.per_layer import Normalizer, PerLayer
from nst.loss.statistics import matrix, positions
from nst.state import Features, Scalar, Tensor

TINY = 1e-12  # added to a column's sum: in a picture of one color all distances are 0


@dataclass(frozen=True)
class SelfSimilarity(PerLayer):
    """Content loss: distance of self-similarity matrices (Kolkin et al. 2019, equation 7).

    The formula is at the top of the file; for the other Args and Raises see `PerLayer`.

    Args:
        samples: approximate maximum of positions per layer to compare, at least 4.
    """

    term: ClassVar[str] = "loss.content"
    normalizers: ClassVar[Mapping[str, Normalizer]] = {"target": lambda e, C, M, HW: 1.0}

    weight: float = field(default=6.0, compare=False)
    layers: Sequence[str] = ("block3_conv1", "block4_conv2")
    samples: int = field(default=1024, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(f"{self.term}.samples", self.samples, at_least=4)

    def target(self, reference: Reference) -> Target:
        """The content's self-similarity matrices `[1,n,n,1]`, n positions each."""
        values = {layer: self._likeness(reference.content[layer])[None, ..., None] for layer in self.layers}
        return Target(values, self.scales(values, reference))

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: mean over j of sum over i of |d_ij - e_ij|}`."""
        return {
            layer: tf.reduce_mean(
                tf.reduce_sum(tf.abs(self._likeness(features[layer]) - target[layer][0, ..., 0]), axis=0)
            )
            for layer in self.layers
        }

    def _likeness(self, features: Tensor) -> Tensor:
        """`[1,h,w,C]` -> `[n,n]`: cosine distances, each column divided by its sum."""
        F = tf.math.l2_normalize(matrix(self._sampled(features)), axis=1, epsilon=1e-8)
        distances = tf.maximum(1 - tf.matmul(F, F, transpose_b=True), 0)
        return distances / (tf.reduce_sum(distances, axis=0) + TINY)

    def _sampled(self, features: Tensor) -> Tensor:
        """The features at an even grid of about `samples` positions at most."""
        step = tf.math.ceil(tf.sqrt(tf.cast(positions(features), tf.float32) / self.samples))
        step = tf.cast(step, tf.int32)
        sampled = features[:, step // 2 :: step, step // 2 :: step]
        return tf.ensure_shape(sampled, [1, None, None, features.shape[-1]])
