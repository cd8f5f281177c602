"""Pictures optimized on one network, and their distances measured by another: the real VGG19."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from nst import LBFGS, Features, Gram, Objective, Style, Transfer, stylize
from nst.extractor.network import Network
from nst.layers import LAYERS
from nst.metrics import measure_picture

STYLE_WEIGHT = 200.0
"""Of those pictures; never changed, so that figures stay comparable."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Several networks as one extractor: a layer comes from the first that has it."""

    networks: Sequence[Network | keras.Model]

    def require(self, layers: Sequence[str]) -> None:
        """Nothing is checked: a missing layer fails at the first call."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that any of them has."""
        return tuple(layer for layer in LAYERS if any(layer in _layers(network) for network in self.networks))

    def __call__(self, image: Any, layers: Sequence[str], *, gradient: bool = True) -> dict[str, Any]:
        """{layer: `[1,h,w,c]`}."""
        del gradient
        found: dict[str, Any] = {}
        for network in self.networks:
            left = [layer for layer in layers if layer not in found]
            there = [layer for layer in left if layer in _layers(network)]
            if there:
                seen = network(image, there) if isinstance(network, Network) else network(image)
                found |= {layer: seen[layer] for layer in there}
        return found


def _layers(network: Network | keras.Model) -> Sequence[str]:
    if isinstance(network, Network):
        return network.layers
    return [layer.name for layer in network.layers if layer.name in LAYERS]


def paint(network: Any, content: np.ndarray, style: np.ndarray, steps: int) -> np.ndarray:
    """`content` in the style of `style`, strongly, with nothing to smooth, at one size."""
    objective = Objective(Features(), Gram(weight=STYLE_WEIGHT))
    return stylize(Transfer(content, [Style(style)], network, objective, LBFGS(), steps=steps)).image


def scored(metric_network: Network, picture: np.ndarray, content: np.ndarray, style: np.ndarray) -> tuple[float, float]:
    """(style distance, content distance) of the metric network."""
    found = measure_picture(metric_network, picture, content, [Style(style)])
    return found["style_distance"], found["content_distance"]
