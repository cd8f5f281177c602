"""PerLayer: base of losses that are weighted sums over the network's layers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import tensorflow as tf

from nst.errors import InputError, check_list, check_name, check_number
from nst.layers import IMAGE, check_layers
from nst.loss.contract import Loss, Size
from nst.state import Scalar, Tensor

# (target, channels C, positions M of the layer, pixels HW of the picture) -> factor on the canonical value
Normalizer = Callable[[Any, float, Scalar, Scalar], Any]


class Sized(Protocol):
    """A `Reference`, or another value that knows the sizes of the content's layers."""

    @property
    def sizes(self) -> Mapping[str, Size]:
        """`{layer: its size}`."""
        ...


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

    def scales(self, targets: Mapping[str, Any], reference: Sized) -> dict[str, Scalar]:
        """Return `{layer: weight x layer weight x normalizer}`, scalars; `targets` are the values of the target."""
        sizes, weights = reference.sizes, self.layer_weights or (1 / len(self.layers),) * len(self.layers)
        pixels = tf.cast(sizes[IMAGE].positions, tf.float32)
        scales = {}
        for layer, share in zip(self.layers, weights, strict=True):
            channels, here = float(sizes[layer].channels), tf.cast(sizes[layer].positions, tf.float32)
            factor = self.normalizers[self.normalizer](targets[layer], channels, here, pixels)
            scales[layer] = tf.cast(self.weight * share * factor, sizes[layer].dtype)
        return scales


def averaged(
    styles: Sequence[tuple[Mapping[str, Any], Scalar]], layers: Sequence[str], measured: Callable[[Any], Tensor]
) -> dict[str, Tensor]:
    """Return `{layer: mean of measured(...)}` over the styles, by their shares.

    Args:
        styles: (what is known of a style at each layer, such as its features; share).
        layers: the layers.
        measured: what is known -> what is averaged.
    """
    return {layer: tf.add_n([share * measured(style[layer]) for style, share in styles]) for layer in layers}
