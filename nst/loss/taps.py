"""Measure layers while the network computes them, so that no features are kept for the losses.

Left alone, TensorFlow computes the gradients of all layers' statistics as soon as the loss is known, and keeps each of
them until the backward pass reaches its layer. Here the gradient of a layer's statistics waits for that moment.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import tensorflow as tf

from nst.loss.contract import Loss, Target
from nst.state import Scalar, Tensor

Measure = Callable[[Tensor], Tensor]  # features -> statistic


class Taps:
    """Measures layerwise losses (`nst.loss.layerwise.Layerwise`); an object is a `tap` of a network.

    Args:
        terms: `(name, loss)` of every term.
        targets: `{term: target}`.
        part: (features, layer) -> the features that are measured; by default all.
    """

    def __init__(
        self,
        terms: Sequence[tuple[str, Loss]],
        targets: Mapping[str, Target],
        part: Callable[[Tensor, str], Tensor] = lambda features, _: features,
    ) -> None:
        self._losses: dict[str, Any] = {name: loss for name, loss in terms if loss.layerwise}
        self._targets = {name: targets[name].values for name in self._losses}
        self._part = part
        self.statistics: dict[str, dict[str, Tensor]] = {name: {} for name in self._losses}
        """`{term: {layer: statistic}}` of the layers measured so far."""

    def __call__(self, layer: str, features: Tensor) -> Tensor:
        """Measure the features `[1,h,w,C]` of `layer`; return them for the next layer."""
        measures = self._measures(layer)
        if not measures:
            return features
        features, *statistics = _fork(features, list(measures.values()))
        for name, statistic in zip(measures, statistics, strict=True):
            self.statistics[name][layer] = statistic
        return features

    def slope(self, layer: str, features: Tensor, slopes: Mapping[str, Mapping[str, Tensor]]) -> Tensor:
        """The loss's derivative with respect to `features` of `layer`.

        Args:
            layer: the layer.
            features: `[1,h,w,C]`.
            slopes: `{term: {layer: the loss's derivative with respect to the statistic}}`.
        """
        measures = self._measures(layer)
        return _differentiated(list(measures.values()), features, [slopes[name][layer] for name in measures])

    def _measures(self, layer: str) -> dict[str, Measure]:
        """`{term: features -> statistic}` of the terms that measure `layer`."""
        here = {name: loss for name, loss in self._losses.items() if layer in loss.layers}
        return {name: partial(self._measured, layer, name, loss) for name, loss in here.items()}

    def _measured(self, layer: str, term: str, loss: Any, features: Tensor) -> Tensor:
        return loss.statistic(self._part(features, layer), self._targets[term][layer])

    def values(self, term: str) -> dict[str, Scalar] | None:
        """`{layer: canonical value}` of a term; None if it is not layerwise."""
        if term not in self._losses:
            return None
        compare, targets = self._losses[term].compare, self._targets[term]
        return {layer: compare(statistic, targets[layer]) for layer, statistic in self.statistics[term].items()}


def _fork(features: Tensor, measures: Sequence[Measure]) -> Any:
    """`features`, and their statistics.

    The backward pass differentiates the statistics only after it knows the gradient that comes from the next layer.
    """

    @tf.custom_gradient
    def run(features: Tensor) -> Any:
        def gradient(upstream: Tensor, *of_statistics: Tensor) -> Tensor:
            with tf.control_dependencies([upstream]):
                later = tf.identity(features)
            return upstream + _differentiated(measures, later, of_statistics)

        return (tf.identity(features), *(measure(features) for measure in measures)), gradient

    return run(features)


def _differentiated(measures: Sequence[Measure], features: Tensor, slopes: Sequence[Tensor]) -> Tensor:
    """The gradient with respect to `features`, from the derivatives with respect to their statistics."""
    with tf.GradientTape() as tape:
        tape.watch(features)
        found = [measure(features) for measure in measures]  # TensorFlow drops what the gradient does not need
    return tape.gradient(found, features, list(slopes))
