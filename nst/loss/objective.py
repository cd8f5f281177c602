"""The objective: a weighted sum of named terms, each a loss over the layers it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from nst.errors import InputError
from nst.layers import IMAGE
from nst.loss.contract import Loss, Reference, Target, check_loss, check_weight
from nst.loss.guided import OfStyle
from nst.state import Features, Scalar, Terms


@dataclass(frozen=True)
class Mix:
    """Several losses as one: each part is a term of its own, with its own weight, layers and curves.

    Args:
        parts: {name: loss}, at least one; null leaves a part out.
        weight: multiplies the weights of all parts.
    """

    parts: Mapping[str, Any]
    weight: float = 1.0

    def __post_init__(self) -> None:
        check_weight("a mix", self.weight)
        if not self.parts:
            raise InputError("a mix needs at least one part, like loss.style.parts.gram.weight=8")

    @property
    def weighted_parts(self) -> dict[str, Loss]:
        """{name: loss}, with their final weights."""
        return {name: replace(loss, weight=self.weight * loss.weight) for name, loss in self.parts.items() if loss}


@dataclass(frozen=True)
class Objective:
    """Weights and names the terms; those of weight 0 are left out.

    Args:
        content, style, smooth: a loss each, or a `Mix`; smooth may be None.

    Raises:
        InputError: content and style both have weight 0, or a loss does not keep the contract.
    """

    content: Loss | Mix
    style: Loss | Mix
    smooth: Loss | None = None

    def __post_init__(self) -> None:
        for name in ("content", "style", "smooth"):
            loss = getattr(self, name)
            parts = loss.parts if isinstance(loss, Mix) else {}
            inside = {f"loss.{name}.parts.{key}": part for key, part in parts.items()} or {f"loss.{name}": loss}
            for place, part in inside.items():
                if part is not None:
                    check_loss(place, part)
        if not (_parts("content", self.content) or _parts("style", self.style)):
            raise InputError("loss.content.weight and loss.style.weight are both 0; one must be above")

    @property
    def terms(self) -> tuple[tuple[str, Loss], ...]:
        """(name, loss) of every term; the parts of a mix are named `style/gram` and the like."""
        named = (("content", self.content), ("style", self.style), ("smooth", self.smooth))
        return tuple(part for name, loss in named if loss for part in _parts(name, loss))

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of the network that the terms need, sorted."""
        return network_layers(self.terms)

    @property
    def guidable(self) -> bool:
        """Whether all style terms can be measured in a part of the picture."""
        return all(loss.guidable for _, loss in _parts("style", self.style))

    def of_each_style(self, count: int, guided: bool) -> Objective:
        """The same with a style term for each of `count` styles; where `guided`, in its own part of the picture.

        Raises:
            InputError: a loss that cannot be measured in a part of the picture.
        """
        parts: dict[str, Loss] = {}
        for name, loss in _parts("style", self.style):
            if guided and not loss.guidable:
                raise InputError(f"masks need loss/style=gram, alone or in a mix: {name} has no form for a region")
            _, _, own = name.partition("/")
            for index in range(count):
                parts["/".join(filter(None, (own, f"{index}")))] = OfStyle(
                    loss.weight, loss.layers, loss, index, guided
                )
        return replace(self, style=Mix(parts)) if parts else self

    def targets(self, reference: Reference) -> dict[str, Target]:
        """{term: target}, for `measure`."""
        return {name: loss.target(reference) for name, loss in self.terms}


def _parts(name: str, loss: Loss | Mix) -> list[tuple[str, Loss]]:
    """The terms that a loss or a mix stands for, less those of weight 0."""
    if isinstance(loss, Mix):
        return [(f"{name}/{part}", inner) for part, inner in loss.weighted_parts.items() if inner.weight]
    return [(name, loss)] if loss.weight else []


def config_path(term: str) -> str:
    """Where a term stands in a config: `loss.style.parts.gram` for `style/gram`."""
    return f"loss.{term.replace('/', '.parts.')}"


def network_layers(terms: Sequence[tuple[str, Loss]]) -> tuple[str, ...]:
    """The layers of the network that `terms` need, sorted."""
    return tuple(sorted({layer for _, loss in terms for layer in loss.layers} - {IMAGE}))


def measure(terms: Sequence[tuple[str, Loss]], features: Features, targets: Mapping[str, Target]) -> Terms:
    """{term: {layer: canonical value}} of `features`.

    Raises:
        InputError: a loss returned something else than a scalar for each of its target's scales.
    """
    canonical = {}
    for name, loss in terms:
        values = canonical[name] = loss(features, targets[name].values)
        wrong = set(values) ^ set(targets[name].scales) or {key for key, value in values.items() if value.shape.rank}
        if wrong:
            place, wanted = f"{config_path(name)}: {type(loss).__name__}", ", ".join(targets[name].scales)
            raise InputError(f"{place} must return one scalar each for {wanted}; wrong: {', '.join(sorted(wrong))}")
    return canonical


def weigh(canonical: Terms, targets: Mapping[str, Target]) -> tuple[Scalar, Terms]:
    """(total, weighted) of canonical values; the total is the sum of all weighted values."""
    weighted = {
        name: {layer: targets[name].scales[layer] * value for layer, value in values.items()}
        for name, values in canonical.items()
    }
    return tf.add_n([value for values in weighted.values() for value in values.values()]), weighted
