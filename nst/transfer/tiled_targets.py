"""Measure the targets of layerwise losses tile by tile, for pictures larger than memory allows in one piece."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from nst.extractor.network import Network
from nst.extractor.tiles import TILE_SPECS, Tile, inside_of, shares, tiles
from nst.layers import IMAGE, stride_of
from nst.loss.contract import Size, Target
from nst.loss.guided import SingleStyle
from nst.loss.layerwise import Described
from nst.loss.objective import NamedLosses, network_layers
from nst.state import Features, Image, Tensor


def targets_by_tiles(
    network: Network,
    terms: NamedLosses,
    content: np.ndarray,
    styles: Sequence[tuple[np.ndarray, float]],
    masks: Sequence[np.ndarray],
    side: int,
) -> dict[str, Target]:
    """Return `{term: target}`.

    Args:
        network: the network.
        terms: `(name, loss)` of layerwise losses.
        content: `[1,H,W,3]`.
        styles: (`[1,h,w,3]`, share) of each style.
        masks: `[1,H,W,1]`, one per style, or none.
        side: of a tile's inside, at most, in pixels.
    """
    if not terms:
        return {}
    losses = tuple(dict.fromkeys(_inner(loss) for _, loss in terms))  # losses of several styles are measured once
    kept = tuple(sorted({layer for loss in losses if loss.keeps_content for layer in loss.layers}))
    sizes = _sizes(network, network_layers(terms), content)
    of_content = _maps(network, kept, content, sizes, side)
    described = [
        (_described(network, losses, picture, side), tf.constant(share, tf.float32)) for picture, share in styles
    ]
    guides = [tf.constant(mask) for mask in masks]
    found: dict[str, Target] = {}
    for name, loss in terms:
        own = [(of_style[losses.index(_inner(loss))], share) for of_style, share in described]
        found[name] = loss.target_of(Described(of_content, own, guides, sizes))
    return found


def _inner(loss: Any) -> Any:
    return loss.loss if isinstance(loss, SingleStyle) else loss


def _sizes(network: Network, layers: Sequence[str], content: np.ndarray) -> dict[str, Size]:
    height, width = content.shape[1:3]
    found = {IMAGE: Size(height, width, 3)}
    for layer in layers:
        stride = stride_of(layer)
        found[layer] = Size(height // stride, width // stride, len(network.weights[layer][-1]))
    return found


def _maps(network: Network, layers: Sequence[str], picture: np.ndarray, sizes: dict[str, Size], side: int) -> Features:
    """The features of `picture` at `layers`, in the network's precision."""
    dtype = tf.as_dtype(network.options.precision).as_numpy_dtype
    found = {layer: np.empty((1, *sizes[layer][:3]), dtype) for layer in layers}
    for tile, features in _measured(_features(network, layers), network, layers, picture, side):
        for layer, inside in features.items():
            top, left, bottom, right = (edge // stride_of(layer) for edge in tile.inside)
            found[layer][:, top:bottom, left:right] = inside
    return {layer: tf.constant(array) for layer, array in found.items()}


def _described(network: Network, losses: Sequence[Any], picture: np.ndarray, side: int) -> list[dict[str, Any]]:
    """`{layer: description}` for each of `losses`."""
    layers = network_layers([("", loss) for loss in losses])
    parts, descriptions = zip(*_measured(_descriptions(network, losses), network, layers, picture, side), strict=True)
    weights = shares(parts, layers)

    def whole(index: int, loss: Any, layer: str) -> Any:
        return loss.combined([part[index][layer] for part in descriptions], weights[layer])

    return [{layer: whole(index, loss, layer) for layer in loss.layers} for index, loss in enumerate(losses)]


def _measured(
    graph: Any, network: Network, layers: Sequence[str], picture: np.ndarray, side: int
) -> Iterator[tuple[Tile, Any]]:
    """(tile, what `graph` returns for it) of every tile."""
    for tile in tiles(picture.shape[1:3], side, network, layers) if layers else ():
        yield tile, graph(tf.constant(tile.of(picture)), tile.tensor)


@lru_cache(maxsize=32)
def _features(network: Network, layers: tuple[str, ...]) -> Any:
    """(tile, its boxes) -> `{layer: features of the inside}`."""

    def measure(image: Image, tile: Tensor) -> Features:
        found = network.features(image, layers, gradient=False)
        return {layer: inside_of(features, layer, tile) for layer, features in found.items()}

    return tf.function(measure, autograph=False).get_concrete_function(*TILE_SPECS)


@lru_cache(maxsize=32)
def _descriptions(network: Network, losses: tuple[Any, ...]) -> Any:
    """(tile, its boxes) -> for each loss, `{layer: description of the inside}`."""
    layers = network_layers([("", loss) for loss in losses])

    def measure(image: Image, tile: Tensor) -> list[dict[str, Any]]:
        found = network.features(image, layers, gradient=False)
        inside = {layer: inside_of(features, layer, tile) for layer, features in found.items()}
        return [{layer: loss.describe(inside[layer]) for layer in loss.layers} for loss in losses]

    return tf.function(measure, autograph=False).get_concrete_function(*TILE_SPECS)
