"""A style loss for one of several styles, over the whole picture or in a part of it.

With T the mask of the part, 0..1, brought to a layer's size by averaging, the loss sees F' in place of the features F:

    F'_i = F_i * sqrt(T_i M / sum(T))                  over positions i, M of them

so that the Gram matrix of F' is the guided one of Gatys et al. 2017 ("Controlling Perceptual Factors in Neural Style
Transfer", section 4.1): sum_i T_i F_i F_i^T / sum(T). Departures: where a mask is soft it counts once, the paper's own
formula squares it; and the whole style picture serves, where the paper may have masks in it too.

Masks are soft and overlap as features do, so no seam is seen. The term counts as much as the part of the picture that
it is about, so that its pull on a pixel is that of one style on a whole picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import tensorflow as tf

from nst.loss.contract import Loss, Reference, Target
from nst.state import Features, Scalar, Tensor


@dataclass(frozen=True)
class OfStyle(Loss):
    """`loss` of one style alone.

    Args:
        weight: of the term, in place of the loss's own.
        layers: the loss's.
        loss: a style loss; where `guided`, one that is `guidable`.
        index: of the style in `Reference.styles`.
        guided: whether the style has a mask.
    """

    term: ClassVar[str] = "loss.style"

    loss: Loss
    index: int
    guided: bool

    @property
    def copies(self) -> float:
        """The loss's."""
        return self.loss.copies

    @property
    def smallest(self) -> int:
        """The loss's."""
        return self.loss.smallest

    def target(self, reference: Reference) -> Target:
        """The style's own, with its share as a factor."""
        features, share = reference.styles[self.index]
        own = replace(self.loss, weight=self.weight).target(Reference(reference.content, [(features, 1.0)]))
        values: dict[str, Any] = {layer: {"own": value} for layer, value in own.values.items()}
        if self.guided:
            for layer in self.layers:
                values[layer]["guide"] = guide(reference.masks[self.index], reference.content[layer])
        return Target(values, {layer: share * scale for layer, scale in own.scales.items()})

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """{layer: the loss's value}."""
        if self.guided:
            features = {layer: features[layer] * target[layer]["guide"] for layer in self.layers}
        return self.loss(features, {layer: target[layer]["own"] for layer in self.layers})


def guide(mask: Tensor, features: Tensor) -> Tensor:
    """sqrt(T M / sum(T)) `[1,h,w,1]`, of a mask `[1,H,W,1]` and features `[1,h,w,C]`."""
    sized = tf.image.resize(mask, tf.shape(features)[1:3], "area")
    return tf.sqrt(sized / tf.reduce_mean(sized))
