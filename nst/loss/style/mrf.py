"""Style as patches.

Li & Wand 2016, "Combining Markov Random Fields and Convolutional Neural Networks for Image Synthesis", equations 2
and 3.

With P_i the patches of the picture's features at one layer, and Q_n(i) the style's patch that correlates best with it,
both divided by their norms:

    canonical   mean over i and values of (P_i - Q_n(i))^2
    term        weight * sum over layers of layer_weight * normalizer * canonical

normalizer    a factor                          what the term becomes per layer
target        1 / mean(Q^2)                     the part that is off: no unit
mean          1                                 mean over patches and values

Several styles put their patches together, whatever their shares. Finding the best takes time in proportion to the
square of the picture's area. Departure: the style's patches are taken as they are, where the paper adds copies that
are turned and scaled.
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
    """Square distance of each patch to the style's nearest; the other settings are `PerLayer`'s.

    Args:
        patch_size: positions on each side of a patch, at least 1.
        stride: positions between patches, at least 1.
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
        """Positions that a layer must have on its short side."""
        return self.patch_size

    @property
    def copies(self) -> float:
        """Patches of the picture and of the style, those found, and gradients."""
        return 4 * (self.patch_size / self.stride) ** 2

    def target(self, reference: Reference) -> Target:
        """The styles' patches, all together: `[1,N,1,K]`."""
        values = {}
        for layer in self.layers:
            styles = [self._patches(features[layer]) for features, _ in reference.styles]
            values[layer] = tf.concat([tf.reshape(p, [1, -1, 1, p.shape[-1]]) for p in styles], axis=1)
        return Target(values, self.scales(values, reference))

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """{layer: mean over patches and values of (P - Q)^2}."""
        found = {}
        for layer in self.layers:
            P, Q = self._patches(features[layer]), target[layer][0, :, 0]
            found[layer] = tf.reduce_mean((P - tf.gather(Q, nearest(tf.stop_gradient(P), Q))) ** 2)
        return found

    def _patches(self, features: Tensor) -> Tensor:
        """`[1,h,w,C]` -> `[h',w',K]`, K = patch_size^2 C; `VALID` places only."""
        size, stride = self.patch_size, self.stride
        height, width = (tf.shape(features)[axis] - size + 1 for axis in (1, 2))
        shifts = [(y, x) for y in range(size) for x in range(size)]
        return tf.concat([features[0, y : y + height : stride, x : x + width : stride] for y, x in shifts], -1)


def nearest(patches: Tensor, style: Tensor) -> Tensor:
    """`[h,w,K]`, `[N,K]` -> `[h,w]`: which of the style's correlates best; row by row, for memory's sake."""
    unit = tf.math.l2_normalize(style, axis=1)  # the patch's own norm decides nothing

    def of_row(row: Tensor) -> Tensor:
        return tf.argmax(tf.matmul(row, unit, transpose_b=True), axis=1, output_type=tf.int32)

    return tf.map_fn(of_row, patches, parallel_iterations=1, fn_output_signature=tf.int32)
