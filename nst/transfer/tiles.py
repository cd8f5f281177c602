"""Evaluate a picture tile by tile, in the memory of one tile, to the same loss and gradient as in one piece.

Galerne et al. 2024, "Scaling Painting Style Transfer", algorithm 1. The losses depend on features only through means
over positions, which follow from those of the tiles (`nst.loss.layerwise`). So there are two passes:

    1   the statistics of every tile; from them the losses, and their derivatives with respect to the statistics
    2   these derivatives, sent back to the pixels of every tile; a pixel's gradient is the sum over all tiles that see
        it

The backward pass of a tile needs bits of its layers and the features of the measured ones (`nst.extractor.passes`).
They are kept from pass 1 if memory allows, else computed again, by the same function: the gradient has the same bits.

Departure: the paper keeps the gradient of a tile's inside and needs twice the margin for it; a sum needs no more margin
than the features do.

Losses of the picture itself, such as total variation, are measured on the whole picture.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from nst.extractor import passes
from nst.extractor.network import Network
from nst.extractor.passes import Kept, bytes_per_pixel
from nst.extractor.tiles import TILE_SPECS, Tile, inside_of, part_of, shares, tiles
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
    network: Network, terms: NamedLosses, targets: dict[str, Target], size: tuple[int, int], side: int, keep: float = 0
) -> Evaluate:
    """The function to minimize, for pictures of a size, by tiles.

    Args:
        network: the network.
        terms: `(name, loss)` of every term.
        targets: `{term: target}`.
        size: height and width of the pictures.
        side: of a tile's inside, at most, in pixels.
        keep: bytes that may be kept from the first pass to the second.
    """
    of_network, of_picture = apart(terms)
    layers, graphs = network_layers(of_network), _graphs(network, of_network, of_picture)
    parts = tiles(size, side, network, layers) if layers else []
    weights = shares(parts, layers)
    of_tiles, of_whole = ({name: targets[name] for name, _ in some} for some in (of_network, of_picture))
    signature = [*TILE_SPECS, tf.nest.map_structure(any_size, of_tiles)]
    forward = graphs.forward.get_concrete_function(*signature)
    backward = graphs.backward.get_concrete_function(*signature, *forward.structured_outputs)
    whole = graphs.whole.get_concrete_function(PICTURE_SPEC, tf.nest.map_structure(any_size, of_whole))
    count = _kept_tiles(parts, keep, bytes_per_pixel(network, layers))

    def evaluate(image: Image) -> Point:
        measured, held = list[Statistics](), list[Kept]()
        for index, tile in enumerate(parts):
            statistics, kept = forward(tile.of(image), tile.tensor, of_tiles)
            measured.append(statistics)
            held += [kept] * (index < count)
            del kept
        canonical, slopes = _compared(of_network, of_tiles, weights, measured)
        more, direct = whole(image, of_whole)
        gradient = np.array(direct)
        for tile, slope in zip(parts, slopes, strict=True):
            part = tile.of(image), tile.tensor, of_tiles
            kept = held.pop(0) if held else forward(*part)[1]
            tile.of(gradient)[...] += backward(*part, slope, kept)
            del kept
        canonical = {name: (canonical | more)[name] for name, _ in terms}
        total, weighted = weigh(canonical, targets)
        return Point(image, total, tf.constant(gradient), weighted, canonical)

    return evaluate


def _kept_tiles(parts: Sequence[Tile], keep: float, bytes_each: float) -> int:
    """How many of `parts`, the first ones, take at most `keep` bytes, if a pixel takes `bytes_each`."""
    sizes = [bytes_each * tile.outer.area for tile in parts]
    return sum(total <= keep for total in accumulate(sizes))


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
    forward: Any  # (tile, its boxes, targets) -> statistics, and what the backward pass needs
    backward: Any  # (tile, its boxes, targets, derivatives of statistics, what `forward` kept) -> gradient of the tile
    whole: Any  # (picture, targets) -> canonical values of the losses of the picture, gradient


@lru_cache(maxsize=128)  # as in nst.transfer.evaluate
def _graphs(network: Network, of_network: NamedLosses, of_picture: NamedLosses) -> _Graphs:
    layers = network_layers(of_network)

    def taps(tile: Tensor, targets: dict[str, Target]) -> Taps:
        return Taps(of_network, _parts_of(targets, tile), lambda features, layer: inside_of(features, layer, tile))

    def forward(image: Image, tile: Tensor, targets: dict[str, Target]) -> tuple[Statistics, Kept]:
        measuring = taps(tile, targets)
        kept = passes.forward(network, image, layers, measuring)
        return measuring.statistics, kept

    def backward(image: Image, tile: Tensor, targets: dict[str, Target], slopes: Statistics, kept: Kept) -> Tensor:
        return passes.backward(network, image, kept, partial(taps(tile, targets).slope, slopes=slopes))

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
