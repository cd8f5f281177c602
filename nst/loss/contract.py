"""The contract of losses: settings, a target measured once per level, and a value per layer at every evaluation.

A loss is created before the network is loaded. It depends on features only, `{layer: tensor}`; the picture itself is
the layer `image`. Each file holds one mathematical idea.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from nst.errors import InputError, check_kind, check_number
from nst.state import Features, Scalar, Tensor


class Size(NamedTuple):
    """The size of a layer: height and width are integers, or scalars known at run time."""

    height: Scalar
    width: Scalar
    channels: int
    dtype: Any = tf.float32  # of the features, and so of scales and values

    @property
    def positions(self) -> Scalar:
        """The number of positions."""
        return self.height * self.width


def size_of(features: Tensor) -> Size:
    """The size of `[1,h,w,C]`."""
    _, height, width, _ = tf.unstack(tf.shape(features))
    return Size(height, width, features.shape[-1], features.dtype)


class Reference(NamedTuple):
    """Features of the content and the styles at one level, `{layer: [1,h,w,C]}`, with the layer `image`."""

    content: Features
    styles: Sequence[tuple[Features, Scalar]]  # (features, share); shares sum to 1, unless styles have masks
    masks: Sequence[Tensor] = ()  # one per style, [1,H,W,1], 0..1; empty if styles have none

    @property
    def sizes(self) -> dict[str, Size]:
        """`{layer: its size}` for the content."""
        return {layer: size_of(features) for layer, features in self.content.items()}


class Target(NamedTuple):
    """Measurements of the reference: made once per level, passed to the compiled step as tensors."""

    values: dict[str, Any]  # {layer: tensor, or a structure of tensors}
    scales: dict[str, Scalar]  # {layer: weight x layer weight x normalizer}; proportional to the weight


@dataclass(frozen=True)
class Loss(ABC):
    """Base of all losses; a subclass must be a frozen dataclass, too.

    Losses that compute the same graph must compare equal, so that a sweep over weights compiles once. Therefore,
    declare fields that reach the graph as tensors (`weight`, `layer_weights`, `normalizer`) with `compare=False`.

    Args:
        weight: 0 to 1e30; 0 leaves the term out.
        layers: names from `nst.layers`. A loss with fixed layers declares
            `layers: Sequence[str] = field(default=(...), init=False)`.

    Raises:
        InputError: `weight` is out of range.
    """

    term: ClassVar[str] = "loss"
    """The path in a config that messages name, such as `loss.style`."""
    guidable: ClassVar[bool] = False
    """Whether the loss can be measured in a part of the picture, because it depends on the features F only by F^T F."""

    keeps_content: ClassVar[bool] = False
    """Whether the values of a layerwise loss's target contain the content's features; a tile gets its part of them."""

    weight: float = field(compare=False)
    layers: Sequence[str]

    def __post_init__(self) -> None:
        """Check the weight, and convert lists (YAML has no tuples) to tuples, so that the loss is hashable.

        A subclass that overrides `__post_init__` must call this one first.
        """
        check_weight(self.term, self.weight)
        for setting in fields(self):
            if isinstance(value := getattr(self, setting.name), list):
                object.__setattr__(self, setting.name, tuple(value))

    @abstractmethod
    def target(self, reference: Reference) -> Target:
        """Measure `reference`; called once per level, inside a graph, with a weight of 1.

        The values must not depend on the weight. The result is kept for other runs on the same pictures.
        """

    @abstractmethod
    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """Return `{layer: canonical value}`: scalars without weight and normalizer, one for each scale of the target.

        Args:
            features: `{layer: [1,h,w,C]}` of the picture, for at least `layers`.
            target: `values` of the loss's target.
        """

    @property
    def layerwise(self) -> bool:
        """Whether it depends on features only through means over positions: see `nst.loss.layerwise.Layerwise`."""
        return False

    @property
    def copies(self) -> float:
        """Memory for temporary tensors, as a multiple of the features' memory; for the memory estimate."""
        return 0

    @property
    def smallest(self) -> int:
        """Minimum number of positions on the short side of each layer."""
        return 1


def check_weight(what: str, weight: object) -> float:
    """Return `weight` if it is in 0..1e30, which float32 can multiply; else raise InputError naming `what`."""
    return float(check_number(f"{what}.weight", weight, at_least=0, at_most=1e30))


def check_loss(path: str, loss: Any) -> None:
    """Raise InputError, naming `path`, unless `loss` satisfies the contract."""
    check_kind(path, loss, Loss)
    kind = type(loss).__name__
    if "__dataclass_fields__" not in vars(type(loss)):
        raise InputError(f"{path}: {kind} must be a dataclass; decorate it with @dataclass(frozen=True)")
    try:
        hash(loss)
    except TypeError as error:
        raise InputError(
            f"{path}: {kind} cannot be hashed ({error}); make it a frozen dataclass, "
            f"and call super().__post_init__() in its __post_init__"
        ) from error
    if replace(loss, weight=loss.weight + 1) != loss:
        raise InputError(f"{path}: {kind} must declare weight as field(..., compare=False), to compile once per sweep")
