"""The objective: a weighted sum of named terms; each term is a loss over its layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import tensorflow as tf

from nst.errors import InputError
from nst.layers import IMAGE
from nst.loss.contract import Loss, Target, check_loss, check_weight
from nst.loss.guided import SingleStyle
from nst.loss.statistics import exact
from nst.state import Features, Scalar, Terms

GUIDABLE = ("gram",)  # choices of loss/style that can be measured in a mask
TILED = {
    "content": ("features", "laplacian"),
    "style": ("gram", "gram_shifted", "moments", "wasserstein"),
}  # choices of loss/content and loss/style that can be measured by tiles

NamedLosses = tuple[tuple[str, Loss], ...]  # (name, loss) of every term


@dataclass(frozen=True)
class Mix:
    """Several losses as one: each part becomes a term with its own weight, layers and curves.

    Args:
        parts: `{name: loss}`, at least one; null leaves a part out.
        weight: factor on the weights of all parts, 0 to 1e30.

    Raises:
        InputError: `parts` is no mapping, or empty, or `weight` is out of range.
    """

    parts: Mapping[str, Any]
    weight: float = 1.0

    def __post_init__(self) -> None:
        check_weight("Mix", self.weight)
        if not isinstance(self.parts, Mapping) or not self.parts:
            raise InputError("a mix needs at least one part, for example loss.style.parts.gram.weight=8")

    @property
    def weighted_parts(self) -> dict[str, Loss]:
        """The losses by name, with final weights: each part's weight times that of the mix."""
        return {name: replace(loss, weight=self.weight * loss.weight) for name, loss in self.parts.items() if loss}


@dataclass(frozen=True)
class Objective:
    """The weighted sum that a transfer minimizes; terms of weight 0 are left out.

    Args:
        content: a content loss, or a `Mix`.
        style: a style loss, or a `Mix`.
        smooth: a loss of the picture alone, or None.

    Raises:
        InputError: content and style both have weight 0, or a loss does not satisfy the contract.
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
    def terms(self) -> NamedLosses:
        """`(name, loss)` of every term; the part `gram` of a style mix is named `style/gram`."""
        named = (("content", self.content), ("style", self.style), ("smooth", self.smooth))
        return tuple(part for name, loss in named if loss for part in _parts(name, loss))

    @property
    def layers(self) -> tuple[str, ...]:
        """Network layers that the terms need, sorted."""
        return network_layers(self.terms)

    @property
    def guidable(self) -> bool:
        """Whether every style term can be measured in a part of the picture."""
        return all(loss.guidable for _, loss in _parts("style", self.style))

    def per_style(self, count: int, guided: bool) -> Objective:
        """Return the objective with every style term split into one term per style.

        Args:
            count: number of styles.
            guided: whether each style has a mask, and its term is measured there only.

        Raises:
            InputError: `guided`, and a style loss is not `guidable`.
        """
        parts: dict[str, Loss] = {}
        if guided:
            _check_guidable(_parts("style", self.style))
        for name, loss in _parts("style", self.style):
            _, _, own = name.partition("/")
            for index in range(count):
                parts["/".join(filter(None, (own, f"{index}")))] = SingleStyle(
                    loss.weight, loss.layers, loss, index, guided
                )
        return replace(self, style=Mix(parts)) if parts else self


def _parts(name: str, loss: Loss | Mix) -> list[tuple[str, Loss]]:
    """`(name, loss)` of each term of a loss or a mix, without those of weight 0."""
    if isinstance(loss, Mix):
        return [(f"{name}/{part}", inner) for part, inner in loss.weighted_parts.items() if inner.weight]
    return [(name, loss)] if loss.weight else []


def _check_guidable(parts: Sequence[tuple[str, Loss]]) -> None:
    """Raise an InputError that names the style losses among `parts` that do not support masks, and those that do."""
    wrong = [(name, loss) for name, loss in parts if not loss.guidable]
    if wrong:
        named = " and ".join(choice_of(name, loss) for name, loss in wrong)
        mixed = [f"{config_path(name)}.weight=0" for name, _ in wrong if "/" in name]
        instead = f"use loss/style={' or '.join(GUIDABLE)}" + (f", or {' '.join(mixed)}" if mixed else "")
        raise InputError(f"style.masks: {named} cannot be measured in a mask; {instead}")


def choice_of(name: str, loss: Loss) -> str:
    """The loss of the term `name` as a command names it."""
    package, _, module = type(loss).__module__.rpartition(".")
    if "/" in name:
        return config_path(name)
    return f"loss/{name}={module}" if package == f"nst.loss.{name}" else f"loss.{name} ({type(loss).__name__})"


def config_path(term: str) -> str:
    """Return the path of a term in a config: `loss.style.parts.gram` for `style/gram`."""
    return f"loss.{term.replace('/', '.parts.')}"


def tileable(loss: Loss) -> bool:
    """Whether `loss` can be measured by tiles: it is layerwise, or of the picture alone."""
    return loss.layerwise or tuple(loss.layers) == (IMAGE,)


def apart(terms: NamedLosses) -> tuple[NamedLosses, NamedLosses]:
    """Split terms that can be measured by tiles into layerwise losses and those of the picture alone.

    Raises:
        InputError: a loss is neither.
    """
    of_picture = tuple(term for term in terms if tuple(term[1].layers) == (IMAGE,))
    of_network = tuple(term for term in terms if term not in of_picture)
    for name, loss in of_network:
        if not tileable(loss):
            kind = name.partition("/")[0]
            instead = "chained=false" if getattr(loss, "chained", False) else f"loss/{kind}={' or '.join(TILED[kind])}"
            raise InputError(f"tiles: {choice_of(name, loss)} cannot be measured by tiles; use {instead}, or tiles=off")
    return of_network, of_picture


def network_layers(terms: Sequence[tuple[str, Loss]]) -> tuple[str, ...]:
    """Return the network layers that `terms` need, sorted."""
    return tuple(sorted({layer for _, loss in terms for layer in loss.layers} - {IMAGE}))


class Measured(Protocol):
    """Statistics of layerwise losses that were measured with the features."""

    def values(self, term: str) -> dict[str, Scalar] | None:
        """`{layer: canonical value}` of a term; None if it must be computed from the features."""
        ...


def measure(
    terms: Sequence[tuple[str, Loss]], features: Features, targets: Mapping[str, Target], taps: Measured | None = None
) -> Terms:
    """Return `{term: {layer: canonical value}}`.

    Args:
        terms: `(name, loss)` of every term.
        features: of the layers of all terms; they may be bfloat16.
        targets: `{term: target}`.
        taps: the statistics of layerwise losses, if they were measured with the features.

    Raises:
        InputError: a loss did not return one scalar for each scale of its target.
    """
    canonical = {}
    features = {layer: exact(x) for layer, x in features.items()}
    for name, loss in terms:
        tapped = None if taps is None else taps.values(name)
        values = loss(features, targets[name].values) if tapped is None else tapped
        wrong = set(values) ^ set(targets[name].scales) or {key for key, value in values.items() if value.shape.rank}
        if wrong:
            place, wanted = f"{config_path(name)}: {type(loss).__name__}", ", ".join(targets[name].scales)
            raise InputError(f"{place} must return one scalar each for {wanted}; wrong: {', '.join(sorted(wrong))}")
        canonical[name] = {layer: tf.cast(value, targets[name].scales[layer].dtype) for layer, value in values.items()}
    return canonical


def weigh(canonical: Terms, targets: Mapping[str, Target]) -> tuple[Scalar, Terms]:
    """Return the sum of all weighted values, and `{term: {layer: weighted value}}`."""
    weighted = {
        name: {layer: targets[name].scales[layer] * value for layer, value in values.items()}
        for name, values in canonical.items()
    }
    # a sum of a list (tf.add_n) has no fixed order, so it may round differently from call to call
    return tf.reduce_sum(tf.stack([value for values in weighted.values() for value in values.values()])), weighted
