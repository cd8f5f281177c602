"""Optimize pictures on one network, and measure their distances with another, the real VGG19."""

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
"""Style weight of these pictures; fixed, so that figures stay comparable."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Several networks as one extractor: each layer comes from the first network that has it."""

    networks: Sequence[Network | keras.Model]

    def require(self, layers: Sequence[str]) -> None:
        """Do nothing: a missing layer fails at the first call."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that at least one network has."""
        return tuple(layer for layer in LAYERS if any(layer in _layers(network) for network in self.networks))

    def __call__(self, image: Any, layers: Sequence[str], *, gradient: bool = True) -> dict[str, Any]:
        """`{layer: [1,h,w,c]}` of an image."""
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
    """Transfer `style` to `content`, with a high style weight, no smoothing and one level."""
    objective = Objective(Features(), Gram(weight=STYLE_WEIGHT))
    return stylize(Transfer(content, [Style(style)], network, objective, LBFGS(), steps=steps)).image


def scored(metric_network: Network, picture: np.ndarray, content: np.ndarray, style: np.ndarray) -> tuple[float, float]:
    """(style distance, content distance) of a picture, measured with the metric network."""
    found = measure_picture(metric_network, picture, content, [Style(style)])
    return found["style_distance"], found["content_distance"]
