"""A style loss for one of several styles, in the whole picture or in a part of it.

With T the mask of the part, 0..1, resized to the layer by averaging, the loss gets F' instead of the features F:

    F'_i = F_i * sqrt(T_i M / sum(T))                  over positions i, M of them

The Gram matrix of F' is then the guided one of Gatys et al. 2017 ("Controlling Perceptual Factors in Neural Style
Transfer", section 4.1): sum_i T_i F_i F_i^T / sum(T). Departures: T enters once, where the paper's formula squares it
(they differ for soft masks); and the whole style picture is measured, where the paper may mask it, too.

Masks are soft and overlap as features do, so no seam is visible. The style's share includes the mask's area, so that
the gradient at a pixel is as large as with a single style on the whole picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import tensorflow as tf

from nst.loss.contract import Loss, Reference, Size, Target
from nst.loss.layerwise import Described
from nst.state import Features, Scalar, Tensor


@dataclass(frozen=True)
class SingleStyle(Loss):
    """`loss` applied to one style.

    Args:
        weight: weight of the term; replaces that of `loss`.
        layers: layers of `loss`.
        loss: a style loss; it must be `guidable` if `guided`.
        index: index of the style in `Reference.styles`.
        guided: whether the style has a mask.
    """

    term: ClassVar[str] = "loss.style"

    loss: Loss
    index: int
    guided: bool

    @property
    def layerwise(self) -> bool:
        """That of `loss`."""
        return self.loss.layerwise

    @property
    def copies(self) -> float:
        """That of `loss`."""
        return self.loss.copies

    @property
    def smallest(self) -> int:
        """That of `loss`."""
        return self.loss.smallest

    def target(self, reference: Reference) -> Target:
        """Target of `loss` for one style, with scales multiplied by the style's share of the weights."""
        features, share = reference.styles[self.index]
        own = replace(self.loss, weight=self.weight).target(Reference(reference.content, [(features, 1.0)]))
        return self._placed(own, share, reference.masks, reference.sizes)

    def target_of(self, known: Described) -> Target:
        """`target`, if `loss` is `layerwise`."""
        described, share = known.styles[self.index]
        loss = replace(self._layerwise, weight=self.weight)
        return self._placed(loss.target_of(known._replace(styles=[(described, 1.0)])), share, known.masks, known.sizes)

    def _placed(self, own: Target, share: Scalar, masks: Sequence[Tensor], sizes: Mapping[str, Size]) -> Target:
        values: dict[str, Any] = {layer: {"own": value} for layer, value in own.values.items()}
        if self.guided:
            for layer in self.layers:
                values[layer]["guide"] = guide(masks[self.index], sizes[layer])
        return Target(values, {layer: share * scale for layer, scale in own.scales.items()})

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: value of loss}`."""
        seen = {layer: self._guided(features[layer], target[layer]) for layer in self.layers}
        return self.loss(seen, {layer: target[layer]["own"] for layer in self.layers})

    def statistic(self, features: Tensor, target: Any) -> Tensor:
        """That of `loss`, if it is `layerwise`."""
        return self._layerwise.statistic(self._guided(features, target), target["own"])

    def combined(self, parts: Sequence[Any], weights: Sequence[float]) -> Any:
        """That of `loss`, if it is `layerwise`."""
        return self._layerwise.combined(parts, weights)

    def compare(self, statistic: Tensor, target: Any) -> Scalar:
        """That of `loss`, if it is `layerwise`."""
        return self._layerwise.compare(statistic, target["own"])

    @property
    def _layerwise(self) -> Any:
        return self.loss

    def _guided(self, features: Tensor, target: Any) -> Tensor:
        return tf.cast(features, tf.float32) * target["guide"] if self.guided else features


def guide(mask: Tensor, size: Size) -> Tensor:
    """Return sqrt(T M / sum(T)), `[1,h,w,1]`: T is `mask`, `[1,H,W,1]`, resized to a layer's size."""
    sized = tf.image.resize(mask, [size.height, size.width], "area")
    return tf.sqrt(sized / tf.reduce_mean(sized))
