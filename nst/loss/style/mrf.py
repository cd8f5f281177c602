"""Style as patches.

Li & Wand 2016, "Combining Markov Random Fields and Convolutional Neural Networks for Image Synthesis", equations 2
and 3.

With P_i the patches of the picture's features at one layer, and Q_n(i) the style's patch that has the largest
normalized correlation with P_i:

    canonical   mean over i and values of (P_i - Q_n(i))^2
    term        weight * sum over layers of layer_weight * normalizer * canonical

normalizer    a factor                          what the term becomes per layer
target        1 / mean(Q^2)                     relative squared error: no unit
mean          1                                 mean over patches and values

The patches of several styles are pooled; shares have no effect. The time of the search grows with the square of the
picture's area. Departure: the style's patches are used as they are, where the paper adds rotated and scaled copies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import tensorflow as tf

from nst.errors import check_count
from nst.loss.contract import Reference, Target
from nst.loss.per_layer import Normalizer, PerLayer
from nst.state import Features, Scalar, Tensor


@dataclass(frozen=True)
class MRF(PerLayer):
    """Style loss: mean squared distance of each patch to the style's nearest (Li & Wand 2016, equations 2 and 3).

    The formula is at the top of the file; for the other Args and Raises see `PerLayer`.

    Args:
        patch_size: side of a patch in positions, at least 1.
        stride: distance between patches in positions, at least 1.
    """

    term: ClassVar[str] = "loss.style"
    normalizers: ClassVar[Mapping[str, Normalizer]] = {
        "target": lambda Q, C, M, HW: 1 / (tf.reduce_mean(Q**2) + 1e-12),
        "mean": lambda Q, C, M, HW: 1.0,
    }

    weight: float = field(default=3.0, compare=False)
    layers: Sequence[str] = ("block3_conv1", "block4_conv1")
    patch_size: int = field(default=3, kw_only=True)
    stride: int = field(default=2, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(f"{self.term}.patch_size", self.patch_size, at_least=1)
        check_count(f"{self.term}.stride", self.stride, at_least=1)

    @property
    def smallest(self) -> int:
        """Minimum number of positions on the short side of each layer: one patch."""
        return self.patch_size

    @property
    def copies(self) -> float:
        """Patches of the picture and of the style, nearest patches, and gradients."""
        return 4 * (self.patch_size / self.stride) ** 2

    def target(self, reference: Reference) -> Target:
        """The patches of all styles, `[1,N,1,K]`."""
        values = {}
        for layer in self.layers:
            styles = [self._patches(features[layer]) for features, _ in reference.styles]
            values[layer] = tf.concat([tf.reshape(p, [1, -1, 1, p.shape[-1]]) for p in styles], axis=1)
        return Target(values, self.scales(values, reference))

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: mean over patches and values of (P - Q)^2}`."""
        found = {}
        for layer in self.layers:
            P, Q = self._patches(features[layer]), target[layer][0, :, 0]
            found[layer] = tf.reduce_mean((P - tf.gather(Q, nearest(tf.stop_gradient(P), Q))) ** 2)
        return found

    def _patches(self, features: Tensor) -> Tensor:
        """`[1,h,w,C]` -> `[h',w',K]`, K = patch_size^2 C: the patches that lie inside entirely."""
        size, stride = self.patch_size, self.stride
        height, width = (tf.shape(features)[axis] - size + 1 for axis in (1, 2))
        shifts = [(y, x) for y in range(size) for x in range(size)]
        return tf.concat([features[0, y : y + height : stride, x : x + width : stride] for y, x in shifts], -1)


def nearest(patches: Tensor, style: Tensor) -> Tensor:
    """`[h,w,K]`, `[N,K]` -> `[h,w]`: index of the style's nearest patch; computed row by row, to save memory."""
    unit = tf.math.l2_normalize(style, axis=1)  # the norm of the picture's patch does not change the maximum

    def of_row(row: Tensor) -> Tensor:
        return tf.argmax(tf.matmul(row, unit, transpose_b=True), axis=1, output_type=tf.int32)

    return tf.map_fn(of_row, patches, parallel_iterations=1, fn_output_signature=tf.int32)
