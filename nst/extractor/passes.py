"""The forward and the backward pass of a network as two functions, with compact tensors between them.

Between the passes of a tape, TensorFlow keeps a byte per value, and features in front of poolings. Here it is a bit per
value of a layer, and the features of the measured layers. They are plain tensors: the backward pass may run at once, or
much later.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple

import tensorflow as tf

from nst.extractor.network import Network, Tap
from nst.extractor.ops import pooling
from nst.layers import stride_of
from nst.state import Image, Tensor

POOLING_BYTES = {"max": 3 / 4 / 8, "avg": 0.0}  # kept per value of the input; other poolings keep the input


class KeptLayer(NamedTuple):
    """What the backward pass needs of a layer."""

    pooled: tuple[pooling.Kept, ...]  # of the pooling before it, if there is one
    above: Tensor  # the bits of `nst.extractor.ops.convolution.Layer.recorded`
    features: tuple[Tensor, ...]  # of the layer, if it is measured


Kept = dict[str, KeptLayer]  # of every layer
Slope = Callable[[str, Tensor], Tensor]  # (layer, its features) -> the loss's derivative with respect to them


def forward(network: Network, image: Image, layers: Iterable[str], tap: Tap) -> Kept:
    """Give the features of `layers` to `tap`, as `network.features` does; return what `backward` needs."""
    wanted, kept, x = set(layers), {}, network.preprocess(image)
    for name in network.needed(wanted):
        pooled: tuple[pooling.Kept, ...] = ()
        if network.pools_before(name):
            x, places = pooling.forward(network.options.pooling, x)
            pooled = (places,)
        x, above = network.convolutions[name].recorded(x)
        if name in wanted:
            x = tap(name, tf.cast(x, network.options.precision))
        kept[name] = KeptLayer(pooled, above, (x,) if name in wanted else ())
    return kept


def backward(network: Network, image: Image, kept: Kept, slope: Slope) -> Tensor:
    """The loss's gradient with respect to `image`, `[1,H,W,3]`.

    Args:
        network: the network.
        image: the picture that `forward` got.
        kept: what `forward` returned.
        slope: the loss's derivative at each of the measured layers.
    """
    upstream = tf.zeros([], network.options.precision)
    for name in reversed(network.needed(kept)):
        pooled, above, features = kept[name]
        for measured in features:
            with tf.control_dependencies([upstream]):  # one layer after the other, to save memory
                upstream += slope(name, tf.identity(measured))
        upstream = network.convolutions[name].pulled(above, upstream)
        for places in pooled:
            upstream = pooling.backward(network.options.pooling, places, upstream)
    with tf.GradientTape() as tape:
        tape.watch(image)
        x = network.preprocess(image)
    return tape.gradient([x], image, [upstream])


def values_per_pixel(network: Network, layers: Iterable[str]) -> dict[str, float]:
    """`{layer: number of feature values per pixel of the picture}`, for `layers` and the layers below them."""
    return {name: len(network.weights[name][-1]) / stride_of(name) ** 2 for name in network.needed(layers)}


def bytes_per_pixel(network: Network, layers: Iterable[str]) -> float:
    """Bytes that `forward` returns per pixel of the picture."""
    values, size = values_per_pixel(network, layers), tf.as_dtype(network.options.precision).size
    names = list(values)
    pooled = sum(values[before] for before, name in pairwise(names) if network.pools_before(name))
    pooling_bytes = POOLING_BYTES.get(network.options.pooling, float(size))
    return sum(values.values()) / 8 + pooling_bytes * pooled + size * sum(values[layer] for layer in set(layers))
