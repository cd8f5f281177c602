"""PerLayer: base of losses that are weighted sums over the network's layers."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import tensorflow as tf

from nst.errors import InputError, check_list, check_name, check_number
from nst.layers import IMAGE, check_layers
from nst.loss.contract import Loss, Reference
from nst.loss.statistics import positions
from nst.state import Features, Scalar, Tensor

# (target, channels C, positions M of the layer, pixels HW of the picture) -> factor on the canonical value
Normalizer = Callable[[Any, float, Scalar, Scalar], Any]


@dataclass(frozen=True)
class PerLayer(Loss):
    """Base of losses that are weighted sums over layers; a subclass defines `normalizers`.

    Args:
        weight: 0 to 1e30; 0 leaves the term out.
        layers: Keras's names of the layers; at least one, each only once.
        layer_weights: one factor per layer, 0 to 1e30, not normalized; null is the mean over the layers, 1/L each.
        normalizer: a key of `normalizers`.

    Raises:
        InputError: a setting is out of range or unknown, or the number of layer weights is wrong.
    """

    normalizers: ClassVar[Mapping[str, Normalizer]]

    weight: float = field(compare=False)
    layers: Sequence[str]
    layer_weights: Sequence[float] | None = field(default=None, compare=False)
    normalizer: str = field(default="target", compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "layers", check_layers(f"{self.term}.layers", self.layers))
        check_name(f"{self.term}.normalizer", self.normalizer, self.normalizers)
        if self.layer_weights is not None:
            self._check_layer_weights(check_list(f"{self.term}.layer_weights", self.layer_weights))

    def _check_layer_weights(self, weights: list[Any]) -> None:
        if len(weights) != len(self.layers):
            raise InputError(
                f"{self.term}.layer_weights: {len(weights)} for {len(self.layers)} layers; give one per layer, or null"
            )
        for weight in weights:
            check_number(f"{self.term}.layer_weights", weight, at_least=0, at_most=1e30)

    def scales(self, targets: Mapping[str, Any], reference: Reference) -> dict[str, Scalar]:
        """Return `{layer: weight x layer weight x normalizer}`, scalars; `targets` are the values of the target."""
        pixels = tf.cast(positions(reference.content[IMAGE]), tf.float32)
        weights = self.layer_weights or (1 / len(self.layers),) * len(self.layers)
        scales = {}
        for layer, share in zip(self.layers, weights, strict=True):
            features = reference.content[layer]
            channels, here = float(features.shape[-1]), tf.cast(positions(features), tf.float32)
            factor = self.normalizers[self.normalizer](targets[layer], channels, here, pixels)
            scales[layer] = tf.cast(self.weight * share * factor, features.dtype)
        return scales


@dataclass(frozen=True)
class Layerwise(PerLayer):
    """Base of losses that depend on each layer only through a small statistic, such as a Gram matrix.

    The runner computes the statistic while it computes the network, so the features need not be kept for the loss
    (`nst.loss.taps`).
    """

    @property
    def layerwise(self) -> bool:
        """True."""
        return True

    @abstractmethod
    def statistic(self, features: Tensor, target: Any) -> Tensor:
        """Measure a layer.

        Args:
            features: `[1,h,w,C]`, float32, or bfloat16 if the network computes in it.
            target: the values of the loss's target at this layer.

        Returns:
            float32.
        """

    @abstractmethod
    def compare(self, statistic: Tensor, target: Any) -> Scalar:
        """Return the canonical value of a layer, a scalar."""

    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: canonical value}`."""
        return {
            layer: self.compare(self.statistic(features[layer], target[layer]), target[layer]) for layer in self.layers
        }


def averaged(reference: Reference, layers: Sequence[str], measured: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
    """Return `{layer: measured(features)}`, averaged over the styles by their shares."""
    return {
        layer: tf.add_n([share * measured(features[layer]) for features, share in reference.styles]) for layer in layers
    }
