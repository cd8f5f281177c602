"""How much memory a run will take, said before it starts; and the largest picture that would fit, where it does not.

Counted are the tensors that are there at once at the worst moment of the largest level, in the network's first block:
what the backward pass keeps, what is being worked on, the weights, the optimizer's state, what losses work with beside
their features. Against what was measured it is right to a quarter (`tests/runner/test_memory_estimate.py`).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, Self

import tensorflow as tf

from nst.errors import InputError
from nst.extractor.network import Network
from nst.extractor.ops.winograd import PLACES, pays
from nst.image.io import MIN_SIDE, fit
from nst.layers import STYLE_LAYERS, block_of
from nst.loss.objective import Objective
from nst.optimizer.contract import Optimizer
from nst.runtime import memory
from nst.transfer.jitter import SHIFTS
from nst.transfer.transfer import Transfer

FLOAT = 4  # bytes
PICTURE_BYTES = 3 * FLOAT  # bytes of a pixel
PICTURES = 30  # beside the optimizer's state: a step's own, and those that observers have not seen yet
GIB = 2**30
WORKED_ON = 3  # tensors of the widest layer that are there at once: a gradient, its mask, what it becomes
MEASURED_ON = 3  # tensors of the widest layer that measuring has at once: convolved, with bias, above 0


class Plan(NamedTuple):
    """What is known of a run that its memory depends on."""

    network: Network
    objective: Objective
    optimizer: Optimizer
    style_area: float  # of the largest style, as a multiple of the content's
    targets: int = 1  # kept at once for a level: jitter has one for each shift
    metric_network: Network | None = None  # None leaves the metrics out
    metric_area: float = 1.0  # of the largest picture that is measured, as a multiple of the content's
    pruned: bool = False  # whether pictures are measured while steps are taken

    @classmethod
    def of(cls, transfer: Transfer, metric_network: Network, *, pruned: bool) -> Self:
        """What is known of `transfer`, measured with `metric_network`."""
        height, width = transfer.content.shape[1:3]
        pixels, long_side = height * width, max(height, width)
        used = max(math.prod(style.size(height, width)) for style in transfer.styles)
        measured = max(math.prod(fit(style.picture.shape[1:3], long_side)) for style in transfer.styles)
        return cls(
            transfer.network,
            transfer.objective,
            transfer.optimizer,
            style_area=used / pixels,
            targets=SHIFTS if transfer.jitter else 1,
            metric_network=metric_network,
            metric_area=max(1.0, measured / pixels),
            pruned=pruned,
        )

    def needed(self, height: int, width: int) -> float:
        """Bytes beside those the process holds by now, for pictures of `height` x `width` at most."""
        state = tf.nest.flatten(self.optimizer.init(tf.zeros([1, 1, 1, 3])))
        pictures = PICTURE_BYTES * (PICTURES + sum(leaf.shape.num_elements() // 3 for leaf in state))
        step = self._losses() + max(self._step(), self.style_area * self._forward())
        kernels = weights(self.network, self.objective.layers)
        pixels = height * width
        steps, metrics = pixels * step, self._metrics(self.metric_area * pixels)
        return kernels + pixels * pictures + (steps + metrics if self.pruned else max(steps, metrics))

    def _step(self) -> float:
        """Bytes per pixel of a forward and a backward pass."""
        size, layers = self._size(), self._layers()
        features = sum(FLOAT * values for name, values in layers.items() if name in self.objective.layers)
        widest = size * max(layers.values(), default=0)
        looked_up = self.network.options.pooling == "max"  # its backward pass needs input and output
        pools = 2 * size * sum(layers.values()) / 4 if looked_up else 0
        return sum(layers.values()) + features + pools + WORKED_ON * widest  # a byte for each; features' gradients

    def _forward(self) -> float:
        """Bytes per pixel of a forward pass whose features are measured."""
        return 2 * self._size() * max(self._layers().values(), default=0)

    def _metrics(self, pixels: float) -> float:
        """Bytes that measuring the result takes: the picture's features at all style layers at once."""
        if self.metric_network is None:
            return 0
        network = self.metric_network
        values = values_per_pixel(network, network.layers)
        features = FLOAT * sum(values.get(layer, 0) for layer in STYLE_LAYERS)
        widest = FLOAT * max(values.values())
        kernels = weights(network, network.layers) / 2  # forward only
        return kernels + pixels * (features + MEASURED_ON * widest)

    def _losses(self) -> float:
        """Bytes per pixel that losses work with, and of the targets that are as large as features but the first."""
        layers, work, stored = self._layers(), 0.0, 0.0
        for name, loss in self.objective.terms:
            features = FLOAT * sum(layers.get(layer, 0) for layer in loss.layers)
            work += loss.copies * features
            stored += features if loss.copies or name.startswith("content") else 0
        return work + (self.targets - 1) * stored

    def _size(self) -> int:
        return tf.as_dtype(self.network.options.precision).size

    def _layers(self) -> dict[str, float]:
        return values_per_pixel(self.network, self.objective.layers)


def values_per_pixel(network: Network, layers: Sequence[str]) -> dict[str, float]:
    """{layer: values per pixel of the picture}, of all that `layers` need."""
    return {name: network.weights[name][0].shape[3] / 4 ** (block_of(name) - 1) for name in network.needed(layers)}


def weights(network: Network, layers: Sequence[str]) -> float:
    """Bytes of the kernels in both directions, as they are computed with."""
    total = 0.0
    for name in network.needed(layers):
        kernel = network.weights[name][0]
        spread = network.options.convolution == "winograd" and pays(kernel)
        total += 2 * FLOAT * kernel.size * (PLACES**2 / 9 if spread else 1)
    return total


def check_fits(plan: Plan, height: int, width: int) -> float:
    """The bytes that the run will need.

    Raises:
        InputError: it would not fit; the message says what would.
    """
    available, needed = memory.free(), plan.needed(height, width)
    if needed > available:
        raise InputError(
            f"{width}x{height} pixels would take {needed / GIB:.1f} GiB of memory, and {available / GIB:.1f} are free; "
            f"{_instead(plan, height, width, available)}"
        )
    return needed


def _instead(plan: Plan, height: int, width: int, available: float) -> str:
    """What would fit."""
    own = plan._replace(metric_network=plan.network.as_trained)
    if own.needed(height, width) <= available:
        return "metrics.network=own measures with the run's own network, and fits"
    side = largest(plan, height, width, available)
    return "no size of it fits" if side is None else f"the largest that fits is size={side}"


def largest(plan: Plan, height: int, width: int, available: float) -> int | None:
    """The largest long side, in pixels, of a picture of that shape that fits; None where none does."""
    full, fits, fails = max(height, width), 0, max(height, width) + 1
    while fails - fits > 1:
        side = (fits + fails) // 2
        if plan.needed(round(height * side / full), round(width * side / full)) <= available:
            fits = side
        else:
            fails = side
    return fits if fits * min(height, width) / full >= MIN_SIDE else None
