"""The evaluation of all contenders: a forward and backward pass of VGG19 with content and style, without smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nst.extractor.keras_weights import WIDTHS
from nst.layers import LAYERS
from nst.layers import STYLE_LAYERS as STYLE

if TYPE_CHECKING:  # it imports TensorFlow, which would count as memory of PyTorch
    from nst.extractor.network import Kernels

CONTENT = "block4_conv2"
DEEPEST = STYLE[-1]


@dataclass(frozen=True)
class Layer:
    """A layer of the network: multiplications per position, channels, and size in the evaluation."""

    name: str
    work: int
    outputs: int
    side: int  # of its output, pixels


def he_normal(seed: int = 0) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Random weights for VGG19 (He et al. 2015), with biases of 0. Time does not depend on weights."""
    random, weights, inputs = np.random.default_rng(seed), {}, 3
    for layer in LAYERS:
        outputs = WIDTHS[int(layer[5]) - 1]
        kernel = random.normal(0, (2 / (9 * inputs)) ** 0.5, (3, 3, inputs, outputs)).astype(np.float32)
        weights[layer] = (kernel, np.zeros(outputs, np.float32))
        inputs = outputs
    return weights


def layers(weights: Kernels, side: int) -> list[Layer]:
    """The layers of an evaluation, up to `DEEPEST`."""
    found = []
    for name in LAYERS[: LAYERS.index(DEEPEST) + 1]:
        *kernels, bias = weights[name]
        found.append(Layer(name, sum(kernel.size for kernel in kernels), len(bias), side >> (int(name[5]) - 1)))
    return found


def gigaflop(weights: Kernels, side: int) -> float:
    """Multiplications and additions of one evaluation, in 1e9: convolutions and Gram matrices, forward and backward.

    The backward pass computes gradients of features, not of weights, so it costs as much as the forward pass.
    """
    found = layers(weights, side)
    convolutions = sum(2 * layer.work * layer.side**2 for layer in found)
    grams = sum(2 * layer.outputs**2 * layer.side**2 for layer in found if layer.name in STYLE)
    return 2 * (convolutions + grams) / 1e9
