"""Tiles of a picture whose features are exactly those of the whole picture.

A tile is a part of the picture with a margin around it. The margin is as wide as a feature sees, so the features of the
part do not depend on anything outside the tile. At the picture's edges there is no margin: there the tile ends where
the picture ends. Tiles begin at multiples of the deepest layer's stride, so that pooling sees the same squares.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, NamedTuple

import tensorflow as tf

from nst.extractor.network import Network
from nst.layers import begins_block, stride_of
from nst.state import Image, Tensor

TILE_SPECS = tf.TensorSpec([1, None, None, 3]), tf.TensorSpec([2, 4], tf.int32)  # of `Tile.of` and `Tile.tensor`


class Box(NamedTuple):
    """A rectangle of the picture, in pixels; bottom and right are not included."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> int:
        """Pixels inside."""
        return (self.bottom - self.top) * (self.right - self.left)


@dataclass(frozen=True)
class Tile:
    """A tile of a picture.

    Args:
        outer: the tile with its margin.
        inside: the part that it stands for; the insides of all tiles cover the picture once.
    """

    outer: Box
    inside: Box

    def of(self, image: Image) -> Image:
        """The tile of the picture `[1,H,W,3]`, with its margin."""
        top, left, bottom, right = self.outer
        return image[:, top:bottom, left:right]

    @property
    def tensor(self) -> Tensor:
        """Outer and inside as `[2,4]`, for `inside_of` and `part_of`."""
        return tf.constant([self.outer, self.inside])

    def positions(self, layer: str) -> int:
        """The positions of the inside at a layer."""
        stride = stride_of(layer)
        top, left, bottom, right = (edge // stride for edge in self.inside)
        return (bottom - top) * (right - left)


def shares(parts: Sequence[Tile], layers: Iterable[str]) -> dict[str, list[float]]:
    """`{layer: each tile's share of its positions}`."""
    counts = {layer: [tile.positions(layer) for tile in parts] for layer in layers}
    return {layer: [count / sum(of_layer) for count in of_layer] for layer, of_layer in counts.items()}


def tiles(size: Sequence[int], side: int, network: Network, layers: Iterable[str]) -> list[Tile]:
    """The tiles of a picture, row by row, all about as large.

    Args:
        size: height and width of the picture.
        side: height and width of a tile's inside, at most; at least `nst.layers.SMALLEST_TILE`.
        network: the network.
        layers: the layers whose features are exact.
    """
    (height, width), needed = size, network.needed(layers)
    stride = max(map(stride_of, needed), default=1)
    reach = -(-margin(network, needed) // stride) * stride
    rows, columns = (list(pairwise(_edges(length, side, stride))) for length in (height, width))
    return [
        Tile(
            Box(max(0, top - reach), max(0, left - reach), min(height, bottom + reach), min(width, right + reach)),
            Box(top, left, bottom, right),
        )
        for (top, bottom), (left, right) in product(rows, columns)
    ]


def _edges(length: int, side: int, stride: int) -> list[int]:
    """Where insides begin and end: multiples of `stride`, except the last."""
    count = -(-length // (side // stride * stride))
    return [-(-length * k // (count * stride)) * stride for k in range(count)] + [length]


def margin(network: Network, layers: Iterable[str]) -> int:
    """The distance in pixels, beyond its own square, from which a feature of the deepest of `layers` is changed."""
    reach, stride = 0, 1
    for name in network.needed(layers):
        if begins_block(name):
            stride = stride_of(name)
        reach += stride * sum(kernel.shape[0] // 2 for kernel in network.weights[name][:-1])
    return reach


def inside_of(features: Tensor, layer: str, tile: Tensor) -> Any:
    """The features of a tile `[1,h,w,C]` -> those of its inside."""
    outer, inside = tf.unstack(tile // stride_of(layer))
    return _sliced(features, inside - tf.tile(outer[:2], [2]))


def part_of(features: Tensor, layer: str, tile: Tensor) -> Any:
    """The features of the whole picture `[1,h,w,C]` -> those of a tile's inside."""
    _, inside = tf.unstack(tile // stride_of(layer))
    return _sliced(features, inside)


def _sliced(features: Tensor, box: Tensor) -> Any:
    top, left, bottom, right = tf.unstack(box)
    return tf.slice(features, [0, top, left, 0], [1, bottom - top, right - left, features.shape[-1]])
