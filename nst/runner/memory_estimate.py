"""Estimate the memory of a run before it starts; if it does not fit, find the largest size that does.

The estimate is the peak of the largest level, which occurs in the network's first block. It counts the tensors kept for
the backward pass, the tensors in use, the weights, the optimizer's state, and the working memory of the losses. It is
within a quarter of the measured memory (`tests/runner/test_memory_estimate.py`).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, Self

import tensorflow as tf

from nst import metrics
from nst.errors import InputError
from nst.extractor.network import Network
from nst.extractor.ops.winograd import PLACES, pays
from nst.extractor.passes import bytes_per_pixel, values_per_pixel
from nst.extractor.tiles import margin
from nst.image.io import MIN_SIDE, fit
from nst.layers import IMAGE, STYLE_LAYERS
from nst.loss.objective import Objective
from nst.observers.background import ITERATE, most_ahead
from nst.optimizer.contract import Optimizer
from nst.runtime import memory
from nst.transfer.jitter import SHIFTS
from nst.transfer.transfer import Transfer

FLOAT = 4  # bytes
PICTURE_BYTES = 3 * FLOAT  # per pixel
PICTURES = 14  # image buffers of a step
WHOLE = 7  # more of them by tiles: those of the losses of the picture, which otherwise reuse the features' memory
GIB = 2**30
SPREAD_OVER = 12  # tensors of the widest layer in a backward pass by tiles, in its max pooling
WORKED_ON = 3  # tensors of the widest layer in a backward pass: gradient, mask, result
MEASURED_ON = 3  # tensors of the widest layer in the metrics: after convolution, bias and ReLU


class Plan(NamedTuple):
    """The properties of a run that determine its memory."""

    network: Network
    objective: Objective
    optimizer: Optimizer
    style_area: float  # area of the largest style, relative to the content's
    targets: int = 1  # targets in memory at once; jitter needs one for each shift
    metric_network: Network | None = None  # None excludes the metrics
    metric_area: float = 1.0  # area of the largest measured picture, relative to the content's
    pruned: bool = False  # whether pictures are measured during the steps
    tiles: int | None = None  # the side of tiles, as of a transfer
    keep: float = 0.0  # bytes that may be kept of tiles, as of a transfer

    @classmethod
    def of(cls, transfer: Transfer, metric_network: Network, *, pruned: bool) -> Self:
        """The plan of `transfer`, measured with `metric_network`."""
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
            tiles=transfer.tiles,
        )

    def needed(self, height: int, width: int) -> float:
        """Additional bytes that the run needs if its largest level is `height` x `width` pixels."""
        pixels, state = height * width, self.optimizer.pictures(height, width)
        queued = most_ahead(3 * pixels) * ITERATE
        pictures = pixels * PICTURE_BYTES * (PICTURES + state + queued)
        kernels = weights(self.network, self.objective.layers)
        steps, measuring = self._steps(height, width), self._metrics(self.metric_area * pixels)
        return kernels + pictures + (steps + measuring if self.pruned else max(steps, measuring))

    def _steps(self, height: int, width: int) -> float:
        """Bytes for the evaluations, in one piece or by tiles."""
        if self.tiles is None or self.tiles >= max(height, width):
            return height * width * (self._losses() + max(self._step(), self.style_area * self._forward()))
        count, tile = self._tiles(height, width)
        each = WHOLE * PICTURE_BYTES + self.targets * self._content()
        of_tile = tile * self._step_of_tile() + count * self._statistics()
        return height * width * each + of_tile + self.kept(height, width)

    def kept(self, height: int, width: int) -> float:
        """Bytes that an evaluation by tiles keeps between its passes."""
        if self.tiles is None or self.tiles >= max(height, width):
            return 0
        count, tile = self._tiles(height, width)
        return min(self.keep, count * tile * bytes_per_pixel(self.network, self.objective.layers))

    def _tiles(self, height: int, width: int) -> tuple[int, int]:
        """The number of tiles, and the pixels of the largest."""
        side, reach = self.tiles or 1, 2 * margin(self.network, self.objective.layers)
        count = -(-height // side) * -(-width // side)
        return count, min(height, side + reach) * min(width, side + reach)

    def _step_of_tile(self) -> float:
        """Bytes per pixel of a forward and a backward pass of a tile."""
        size, layers = self._size(), self._layers()
        slopes = FLOAT * sum(values for name, values in layers.items() if name in self.objective.layers)
        widest = size * max(layers.values(), default=0)
        return bytes_per_pixel(self.network, self.objective.layers) + slopes + SPREAD_OVER * widest

    def _content(self) -> float:
        """Bytes per pixel for the content's features."""
        kept = [loss.layers for _, loss in self.objective.terms if loss.keeps_content]
        return self._size() * sum(self._layers()[layer] for layer in set().union(*kept))

    def _statistics(self) -> float:
        """Bytes for a tile's statistics, at most matrices of float64, a copy of all tiles', and their derivatives."""
        layers = [layer for _, loss in self.objective.terms for layer in loss.layers if layer != IMAGE]
        return 6 * FLOAT * sum(len(self.network.weights[layer][-1]) ** 2 for layer in layers)

    def _step(self) -> float:
        """Bytes per pixel of a forward and a backward pass."""
        size, layers = self._size(), self._layers()
        features = sum(FLOAT * values for name, values in layers.items() if name in self.objective.layers)
        widest = size * max(layers.values(), default=0)
        looked_up = self.network.options.pooling == "max"  # the backward pass reads input and output
        pools = 2 * size * sum(layers.values()) / 4 if looked_up else 0
        return sum(layers.values()) + features + pools + WORKED_ON * widest  # one byte per value; gradients of features

    def _forward(self) -> float:
        """Bytes per pixel of a forward pass for style targets."""
        return 2 * self._size() * max(self._layers().values(), default=0)

    def _metrics(self, pixels: float) -> float:
        """Bytes for measuring a picture of `pixels`: its features at all style layers at once."""
        if self.metric_network is None:
            return 0
        network = self.metric_network
        tile = min(pixels, (metrics.SIDE + 2 * margin(network, network.layers)) ** 2)
        values = values_per_pixel(network, network.layers)
        features = FLOAT * sum(values.get(layer, 0) for layer in STYLE_LAYERS)
        widest = FLOAT * max(values.values())
        kernels = weights(network, network.layers) / 2  # forward only
        return kernels + tile * (features + MEASURED_ON * widest)

    def _losses(self) -> float:
        """Bytes per pixel for the losses' working memory, and for feature-sized targets after the first."""
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


def weights(network: Network, layers: Sequence[str]) -> float:
    """Bytes of the kernels for the forward and backward pass; Winograd kernels are larger."""
    total = 0.0
    for name in network.needed(layers):
        for kernel in network.weights[name][:-1]:
            spread = network.options.convolution == "winograd" and pays(kernel)
            total += 2 * FLOAT * kernel.size * (PLACES**2 / 9 if spread else 1)
    return total


def check_fits(plan: Plan, height: int, width: int) -> float:
    """Check that a run of `height` x `width` pixels fits into free memory; return the bytes it needs.

    Raises:
        InputError: it does not fit; the message names a setting that does.
    """
    available, needed = memory.free(), plan.needed(height, width)
    if needed > available:
        raise InputError(
            f"{width}x{height} pixels need {needed / GIB:.1f} GiB of memory, but {available / GIB:.1f} GiB are free; "
            f"{_instead(plan, height, width, available)}"
        )
    return needed


def _instead(plan: Plan, height: int, width: int, available: float) -> str:
    """The end of the message: a setting that fits."""
    own = plan._replace(metric_network=plan.network.as_trained)
    if own.needed(height, width) <= available:
        return "metrics.network=own fits: it measures with the run's own network"
    side = largest(plan, height, width, available)
    return "no size fits" if side is None else f"the largest size that fits is size={side}"


def largest(plan: Plan, height: int, width: int, available: float) -> int | None:
    """The largest long side, in pixels, that fits at the aspect ratio of `height` x `width`; None if none fits."""
    full, fits, fails = max(height, width), 0, max(height, width) + 1
    while fails - fits > 1:
        side = (fits + fails) // 2
        if plan.needed(round(height * side / full), round(width * side / full)) <= available:
            fits = side
        else:
            fails = side
    return fits if fits * min(height, width) / full >= MIN_SIDE else None
