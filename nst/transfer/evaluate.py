"""The function to minimize: a picture -> its losses and their gradient, compiled once for all sizes."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from nst.extractor.network import Network
from nst.layers import IMAGE
from nst.loss.contract import Target
from nst.loss.objective import NamedLosses, Objective, measure, network_layers, weigh
from nst.loss.taps import Taps
from nst.optimizer.contract import Evaluate
from nst.state import Image, Point
from nst.style import Style
from nst.transfer.targets import PICTURE_SPEC, Pictures, any_size, measured
from nst.transfer.tiles import tiled


def evaluation(
    network: Network, objective: Objective, styles: Sequence[Style], side: int | None = None, keep: float = 0
) -> Callable[[np.ndarray], Evaluate]:
    """A function: a level's content `[1,H,W,3]` -> the function to minimize at that level.

    The targets are measured once per level. The graph accepts any size, and later runs reuse it.

    Args:
        network: the network.
        objective: the losses.
        styles: the styles.
        side: larger pictures are evaluated by tiles of at most so many pixels; None: no picture is.
        keep: bytes that an evaluation by tiles may keep between its two passes.
    """
    guided = any(style.mask is not None for style in styles)
    if guided or any(style.apart for style in styles):
        objective = objective.per_style(len(styles), guided)

    def at(content: np.ndarray) -> Evaluate:
        size = content.shape[1], content.shape[2]
        masks = [style.mask_at(*size) for style in styles] if guided else []
        reference = Pictures(content, [style.at(*size) for style in styles], _shares(styles, masks), masks)
        large = side is not None and side < max(max(picture.shape[1:3]) for picture in (content, *reference.styles))
        targets = measured(network, objective, reference, side if large else None)
        if side is not None and side < max(size):
            return tiled(network, objective.terms, targets, size, side, keep)
        specification = tf.nest.map_structure(any_size, targets)
        evaluate = _compiled(network, objective.terms).get_concrete_function(PICTURE_SPEC, specification)
        return lambda image: evaluate(image, targets)

    return at


def _shares(styles: Sequence[Style], masks: Sequence[np.ndarray]) -> list[float]:
    """Each style's share: its normalized weight; with masks, times the number of masks and the mask's area.

    So styles of equal weight, one per mask, have their area as share; several in one mask divide the mask's share.
    """
    weights = np.array([style.weight for style in styles], np.float64)
    weights /= weights.sum()
    if not masks:
        return list(weights)
    places = len({id(style.mask) for style in styles})
    return [weight * places * float(np.mean(mask)) for weight, mask in zip(weights, masks, strict=True)]


@lru_cache(maxsize=128)  # TensorFlow never frees these graphs, so to drop one saves nothing
def _compiled(network: Network, terms: NamedLosses) -> Any:
    """One forward and one backward pass as a graph; tensors carry all that a sweep or a pyramid varies."""
    layers = network_layers(terms)

    @tf.function(autograph=False)
    def evaluate(image: Image, targets: dict[str, Target]) -> Point:
        with tf.GradientTape() as tape:
            tape.watch(image)
            taps = Taps(terms, targets)
            features = network.features(image, layers, tap=taps)
            canonical = measure(terms, {IMAGE: image, **features}, targets, taps)
            total, weighted = weigh(canonical, targets)
        return Point(image, total, tape.gradient(total, image), weighted, canonical)

    return evaluate
