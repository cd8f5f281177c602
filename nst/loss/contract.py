"""What a loss is: settings, a target measured once per level, and a value per layer at every evaluation.

A loss is made before the network is loaded. It sees features only, as `{layer: tensor}`; the picture itself is the
layer `image`. One mathematical idea per file.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, NamedTuple

from nst.errors import InputError, check_kind, check_number
from nst.state import Features, Scalar, Tensor


class Reference(NamedTuple):
    """What a level's picture is compared with."""

    content: Features  # of the content
    styles: Sequence[tuple[Features, Scalar]]  # (features, share); shares sum to 1, unless styles have masks
    masks: Sequence[Tensor] = ()  # [1,H,W,1] each, one per style, where styles have masks


class Target(NamedTuple):
    """What a loss keeps of the reference: measured once per level, passed to the compiled step as tensors."""

    values: dict[str, Any]  # {layer: tensor, or a structure of tensors}
    scales: dict[str, Scalar]  # {layer: weight x layer weight x normalizer}


@dataclass(frozen=True)
class Loss(ABC):
    """Base of all losses; a subclass is a frozen dataclass, too.

    Args:
        weight: 0 leaves the term out.
        layers: names of `nst.layers`; a loss that does not let one choose them declares
            `layers: Sequence[str] = field(default=(...), init=False)`.

    Two losses that compute the same graph must compare equal, so that a sweep over weights compiles once. So fields
    that reach the graph as tensors (`weight`, `layer_weights`, `normalizer`) are declared with `compare=False`.

    Raises:
        InputError: a weight out of its range.
    """

    term: ClassVar[str] = "loss"
    """Where it stands in a config, for messages: `loss.style`, `loss.content`, `loss.smooth`."""
    guidable: ClassVar[bool] = False
    """Whether it can be measured in a part of the picture: it depends on the features F by F^T F alone."""

    weight: float = field(compare=False)
    layers: Sequence[str]

    def __post_init__(self) -> None:
        """Check the weight, and turn lists (a YAML has no tuples) into tuples, so that the loss can be hashed.

        A subclass with a `__post_init__` of its own calls this one first.
        """
        check_weight(self.term, self.weight)
        for setting in fields(self):
            if isinstance(value := getattr(self, setting.name), list):
                object.__setattr__(self, setting.name, tuple(value))

    @abstractmethod
    def target(self, reference: Reference) -> Target:
        """Measure the reference; runs once per level, inside a graph."""

    @abstractmethod
    def __call__(self, features: Features, target: Mapping[str, Any]) -> dict[str, Scalar]:
        """{layer: canonical value}, free of weight and normalizer.

        Args:
            features: `{layer: [1,h,w,C]}` of the picture, for at least `layers`.
            target: `values` of its target.
        """

    @property
    def copies(self) -> float:
        """How many tensors as large as its features it needs beside them; for the memory estimate."""
        return 0

    @property
    def smallest(self) -> int:
        """Positions that each of its layers must have on the short side."""
        return 1


def check_weight(what: str, weight: object) -> float:
    """`weight`, if it is at least 0 and within what float32 can multiply; else InputError, naming `what`."""
    return float(check_number(f"{what}.weight", weight, at_least=0, at_most=1e30))


def check_loss(path: str, loss: Any) -> None:
    """Raise InputError unless `loss` keeps the contract."""
    check_kind(path, loss, Loss)
    kind = type(loss).__name__
    if "__dataclass_fields__" not in vars(type(loss)):
        raise InputError(f"{path}: {kind} must be a dataclass: put @dataclass(frozen=True) on it")
    try:
        hash(loss)
    except TypeError as error:
        raise InputError(
            f"{path}: {kind} cannot be hashed ({error}): make it a frozen dataclass, and let a "
            f"__post_init__ of its own call super().__post_init__()"
        ) from error
    if replace(loss, weight=loss.weight + 1) != loss:
        raise InputError(f"{path}: {kind} must declare weight as field(..., compare=False): a sweep compiles it once")
