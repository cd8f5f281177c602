"""Losses whose backward pass runs the network again, a block at a time, instead of keeping what is in it.

Of every block nothing is kept but its input (Chen et al. 2016, section 3, with the network's blocks as segments); the
losses over its layers are taken inside of it, so that features are given up with the rest. Of the first block, whose
layers are as large as the picture, the first layer is a segment of its own inside of it: it is quickly run once more.
It costs one more forward pass, half as much time again, and saves a tenth of the memory where that was measured (VGG19
at 1024): a backward pass keeps but a byte for each value as it is, and the first block has to be there in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import tensorflow as tf

from nst.extractor.network import Block, Network
from nst.layers import IMAGE
from nst.loss import Loss, Target, network_layers
from nst.record import Features, Terms


def canonical(extractor: Network, terms: Sequence[tuple[str, Loss]], image: Any, targets: dict[str, Target]) -> Terms:
    """{term: {layer: value}} of `image` `[1,H,W,3]`: the losses' own values, with a gradient that is recomputed."""
    inside: dict[str, Any] = {name: loss for name, loss in terms if getattr(loss, "apart", False)}
    outside = {name: loss for name, loss in terms if name not in inside}
    kept = network_layers(tuple(outside.items()))

    def run(block: Block, x: Any) -> Any:
        """(the block's output, its losses' values, features that losses elsewhere want)."""
        x, features = block(x)
        here = {name: loss.at(block.layers) for name, loss in inside.items() if set(loss.layers) & set(block.layers)}
        values = {name: loss(features, targets[name].values) for name, loss in here.items()}
        return x, values, {layer: features[layer] for layer in kept if layer in features}

    def through(steps: Sequence[Callable[[Any], Any]], x: Any) -> Any:
        """The same of one after the other."""
        values: Terms = {name: {} for name, _ in terms}
        features: Features = {}
        for step in steps:
            x, found, given = step(x)
            features |= given
            values = {name: of_layers | found.get(name, {}) for name, of_layers in values.items()}
        return x, values, features

    blocks = extractor.blocks(network_layers(terms))
    segments = [partial(run, block) for block in blocks]
    if blocks:
        head, rest = blocks[0].parted()
        segments[0] = partial(through, [partial(recomputed, partial(run, head)), partial(run, rest)])
    _, values, features = through([partial(recomputed, segment) for segment in segments], extractor.preprocess(image))
    features |= {IMAGE: image}
    return values | {name: loss(features, targets[name].values) for name, loss in outside.items()}


def recomputed(run: Callable[[Any], Any], x: Any) -> Any:
    """`run(x)`, a structure of tensors, of which the backward pass keeps `x` alone and runs it again."""
    structure: Any = None

    @tf.custom_gradient
    def once(x: Any) -> Any:
        nonlocal structure
        structure = run(x)

        def gradient(*upstream: Any) -> Any:
            with tf.control_dependencies(upstream):  # not before it is needed, nor taken for the first run
                again = tf.identity(x)
            with tf.GradientTape() as tape:
                tape.watch(again)
                results = tf.nest.flatten(run(again))
            return tape.gradient(results, again, output_gradients=list(upstream))

        return tf.nest.flatten(structure), gradient

    found = once(x)
    return tf.nest.pack_sequence_as(structure, found)
