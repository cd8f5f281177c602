"""The objective: a weighed sum of named terms, each a loss over the layers it chose.

A loss is a value: settings and a call, made before the network exists. It meets features only, as `{layer: tensor}`;
the picture itself is there as the layer `image`. What it must offer is `Loss`; one mathematical idea per file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import tensorflow as tf

from nst.errors import InputError, check_number
from nst.layers import IMAGE
from nst.record import Features, Terms


class Reference(NamedTuple):
    """What a level's picture is measured against: features of the content, and of each style with its share."""

    content: Features
    styles: Sequence[tuple[Features, float]]  # shares sum to 1, unless styles have masks
    masks: Sequence[Any] = ()  # [1,H,W,1] each, where styles have them


class Target(NamedTuple):
    """What a loss keeps of the reference: made once per level, handed to the compiled step as tensors."""

    values: dict[str, Any]  # {layer: tensor}
    scales: dict[str, Any]  # {layer: scalar}: weight x layer weight x normalizer


class Loss(Protocol):
    """What a file in a folder below this one offers.

    Two losses that compute the same graph compare equal (frozen dataclasses; `weight`, `layer_weights` and
    `normalizer`, which reach the graph as tensors, are left out of the comparison), so that a sweep over weights
    compiles once.
    """

    @property
    def weight(self) -> float: ...  # noqa: D102

    @property
    def layers(self) -> Sequence[str]: ...  # noqa: D102

    def target(self, reference: Reference) -> Target:
        """Measure the reference."""
        ...

    def __call__(self, features: Features, target: dict[str, Any]) -> dict[str, Any]:
        """{layer: canonical value}, scalars, free of weight and normalizer."""
        ...


@dataclass(frozen=True)
class Mix:
    """Several losses as one: each part is a term of its own, with its own weight, layers and curves.

    Args:
        parts: {name: loss}, at least one; those of weight 0 are left out.
        weight: multiplies the weights of all.
    """

    parts: Mapping[str, Any]
    weight: float = 1.0

    def __post_init__(self) -> None:
        check_weight("a mix", self.weight)
        if not self.parts:
            raise InputError("a mix wants at least one part, like loss.style.parts.gram.weight=8")

    @property
    def taking_part(self) -> dict[str, Any]:
        """{name: loss}, as they are weighed in the end."""
        weighed = {name: replace(loss, weight=self.weight * loss.weight) for name, loss in self.parts.items() if loss}
        return {name: loss for name, loss in weighed.items() if loss.weight}


@dataclass(frozen=True)
class Objective:
    """Weighs and names the terms; those of weight 0 are left out.

    Raises:
        InputError: no term that pulls towards a picture: content and style both have weight 0.
    """

    content: Loss | Mix
    style: Loss | Mix
    smooth: Loss | None = None

    def __post_init__(self) -> None:
        if not (_parts("content", self.content) or _parts("style", self.style)):
            raise InputError("loss.content.weight and loss.style.weight are both 0; one must be above")

    @property
    def terms(self) -> tuple[tuple[str, Loss], ...]:
        """The (name, loss) that take part; the parts of a mix are named `style/gram` and the like."""
        named = (("content", self.content), ("style", self.style), ("smooth", self.smooth))
        return tuple(part for name, loss in named if loss for part in _parts(name, loss))

    @property
    def layers(self) -> tuple[str, ...]:
        """The network's layers that take part, sorted."""
        return network_layers(self.terms)

    @property
    def guidable(self) -> bool:
        """Whether all style terms can be measured in a part of the picture."""
        return all(getattr(loss, "guidable", False) for _, loss in _parts("style", self.style))

    def of_each_style(self, count: int, guided: bool) -> Objective:
        """The same with a style term for each of `count` styles, in its own part of the picture where `guided`.

        Raises:
            InputError: a loss that cannot be measured in a part of the picture.
        """
        from nst.loss.of_style import OfStyle

        parts: dict[str, Any] = {}
        for name, loss in _parts("style", self.style):
            if guided and not getattr(loss, "guidable", False):
                raise InputError(f"masks want loss/style=gram, alone or in a mix: {name} has no form for a region")
            _, _, own = name.partition("/")
            for index in range(count):
                parts["/".join(filter(None, (own, f"{index}")))] = OfStyle(loss, index, guided, loss.weight)
        return replace(self, style=Mix(parts)) if parts else self

    def targets(self, reference: Reference) -> dict[str, Target]:
        """{term: target}, for `measure`."""
        return {name: loss.target(reference) for name, loss in self.terms}


def _parts(name: str, loss: Loss | Mix) -> list[tuple[str, Loss]]:
    """Those of a loss, or of a mix, that take part."""
    if isinstance(loss, Mix):
        return [(f"{name}/{part}", inner) for part, inner in loss.taking_part.items()]
    return [(name, loss)] if loss.weight else []


def network_layers(terms: Sequence[tuple[str, Loss]]) -> tuple[str, ...]:
    """The layers that `terms` want of a network, sorted."""
    return tuple(sorted({layer for _, loss in terms for layer in loss.layers} - {IMAGE}))


def measure(terms: Sequence[tuple[str, Loss]], features: Features, targets: dict[str, Target]) -> Terms:
    """{term: {layer: canonical value}} of `features`."""
    return {name: loss(features, targets[name].values) for name, loss in terms}


def weigh(canonical: Terms, targets: dict[str, Target]) -> tuple[Any, Terms]:
    """(total, weighted) of canonical values; total is the sum of all that is in weighted."""
    weighted = {
        name: {layer: targets[name].scales[layer] * value for layer, value in values.items()}
        for name, values in canonical.items()
    }
    return tf.add_n([value for values in weighted.values() for value in values.values()]), weighted


def check_weight(what: str, weight: object) -> float:
    """A weight: not negative, and within what float32 can multiply."""
    return float(check_number(f"{what}.weight", weight, at_least=0, at_most=1e30))
