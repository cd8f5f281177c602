"""Evaluate a picture tile by tile, in the memory of one tile, to the same loss and gradient as in one piece.

Galerne et al. 2024, "Scaling Painting Style Transfer", algorithm 1. The losses depend on features only through means
over positions, which follow from those of the tiles (`nst.loss.layerwise`). So there are two passes:

    1   the statistics of every tile, without gradient; from them the losses, and their derivatives with respect to
        the statistics
    2   every tile again, with these derivatives sent back to its pixels; a pixel's gradient is the sum over all tiles
        that see it

Departure: the paper keeps the gradient of a tile's inside and needs twice the margin for it; a sum needs no more margin
than the features do.

Losses of the picture itself, such as total variation, are measured on the whole picture.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from nst.extractor.network import Network
from nst.extractor.tiles import TILE_SPECS, inside_of, part_of, shares, tiles
from nst.layers import IMAGE
from nst.loss.contract import Target
from nst.loss.objective import NamedLosses, apart, measure, network_layers, weigh
from nst.loss.taps import Taps
from nst.optimizer.contract import Evaluate
from nst.state import Image, Point, Scalar, Tensor, Terms
from nst.transfer.targets import PICTURE_SPEC, any_size, is_map

Weights = dict[str, list[float]]  # {layer: each tile's share of its positions}
Statistics = dict[str, dict[str, Tensor]]  # {term: {layer: statistic}}


def tiled(
    network: Network, terms: NamedLosses, targets: dict[str, Target], size: tuple[int, int], side: int
) -> Evaluate:
    """The function to minimize, for pictures of `size` (height, width), by tiles of at most `side` pixels."""
    of_network, of_picture = apart(terms)
    layers, graphs = network_layers(of_network), _graphs(network, of_network, of_picture)
    parts = tiles(size, side, network, layers) if layers else []
    weights = shares(parts, layers)
    of_tiles, of_whole = ({name: targets[name] for name, _ in some} for some in (of_network, of_picture))
    signature = [*TILE_SPECS, tf.nest.map_structure(any_size, of_tiles)]
    forward = graphs.forward.get_concrete_function(*signature)
    backward = graphs.backward.get_concrete_function(*signature, forward.structured_outputs)
    whole = graphs.whole.get_concrete_function(PICTURE_SPEC, tf.nest.map_structure(any_size, of_whole))

    def evaluate(image: Image) -> Point:
        measured = [forward(tile.of(image), tile.tensor, of_tiles) for tile in parts]
        canonical, slopes = _compared(of_network, of_tiles, weights, measured)
        more, direct = whole(image, of_whole)
        gradient = np.array(direct)
        for tile, slope in zip(parts, slopes, strict=True):
            tile.of(gradient)[...] += backward(tile.of(image), tile.tensor, of_tiles, slope)
        canonical = {name: (canonical | more)[name] for name, _ in terms}
        total, weighted = weigh(canonical, targets)
        return Point(image, total, tf.constant(gradient), weighted, canonical)

    return evaluate


class _Combined:
    """The statistics of all tiles together, in place of `Taps`."""

    def __init__(self, terms: NamedLosses, targets: dict[str, Target], weights: Weights, measured: Any) -> None:
        self._losses: dict[str, Any] = dict(terms)
        self._targets, self._weights, self._measured = targets, weights, measured

    def values(self, term: str) -> dict[str, Scalar]:
        """`{layer: canonical value}` of a term."""
        loss, targets = self._losses[term], self._targets[term].values
        return {
            layer: loss.compare(
                loss.combined([statistics[term][layer] for statistics in self._measured], self._weights[layer]),
                targets[layer],
            )
            for layer in loss.layers
        }


def _compared(
    terms: NamedLosses, targets: dict[str, Target], weights: Weights, measured: Sequence[Statistics]
) -> tuple[Terms, Sequence[Statistics]]:
    """The canonical values, and the derivatives of the total with respect to each tile's statistics."""
    with tf.GradientTape() as tape:
        tape.watch(measured)
        canonical = measure(terms, {}, targets, _Combined(terms, targets, weights, measured))
        total, _ = weigh(canonical, targets)
    slopes: Any = tape.gradient(total, measured)
    return canonical, slopes


class _Graphs(NamedTuple):
    forward: Any  # (tile, its boxes, targets) -> statistics
    backward: Any  # (tile, its boxes, targets, derivatives of statistics) -> gradient of the tile
    whole: Any  # (picture, targets) -> canonical values of the losses of the picture, gradient


@lru_cache(maxsize=128)  # as in nst.transfer.evaluate
def _graphs(network: Network, of_network: NamedLosses, of_picture: NamedLosses) -> _Graphs:
    layers = network_layers(of_network)

    def statistics(image: Image, tile: Tensor, targets: dict[str, Target], *, gradient: bool) -> Statistics:
        taps = Taps(of_network, _parts_of(targets, tile), lambda features, layer: inside_of(features, layer, tile))
        network.features(image, layers, gradient=gradient, tap=taps)
        return taps.statistics

    def forward(image: Image, tile: Tensor, targets: dict[str, Target]) -> Statistics:
        return statistics(image, tile, targets, gradient=False)

    def backward(image: Image, tile: Tensor, targets: dict[str, Target], slopes: Statistics) -> Tensor:
        with tf.GradientTape() as tape:
            tape.watch(image)
            found = statistics(image, tile, targets, gradient=True)
        flat = [list(tf.nest.flatten(values)) for values in (found, slopes)]
        return tape.gradient(flat[0], image, flat[1])

    def whole(image: Image, targets: dict[str, Target]) -> tuple[Terms, Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            canonical = measure(of_picture, {IMAGE: image}, targets)
            total = weigh(canonical, targets)[0] if canonical else tf.zeros([])
        return canonical, tape.gradient(total, image, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    return _Graphs(*(tf.function(graph, autograph=False) for graph in (forward, backward, whole)))


def _parts_of(targets: dict[str, Target], tile: Tensor) -> dict[str, Target]:
    """The targets, with features of the whole content cut to a tile's inside."""

    def cut(layer: str) -> Callable[[Tensor], Tensor]:
        return lambda tensor: part_of(tensor, layer, tile) if is_map(tensor) else tensor

    return {
        name: Target({layer: tf.nest.map_structure(cut(layer), value) for layer, value in values.items()}, scales)
        for name, (values, scales) in targets.items()
    }
