"""The function that is descended: a picture -> its losses and their gradient, compiled once for all sizes."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from nst.extractor.network import Network
from nst.layers import IMAGE
from nst.loss.contract import Loss, Reference, Target
from nst.loss.objective import Objective, measure, network_layers, weigh
from nst.optimizer.contract import Evaluate
from nst.state import Features, Image, Point, Scalar, Tensor
from nst.style import Style

PICTURE_SPEC = tf.TensorSpec([1, None, None, 3])
MASK_SPEC = tf.TensorSpec([1, None, None, 1])


def evaluation(network: Network, objective: Objective, styles: Sequence[Style]) -> Callable[[np.ndarray], Evaluate]:
    """A level's content -> the function that is descended there.

    The targets are measured once per level. Both graphs are for any size; that of the step is kept for the next run.
    """
    guided = any(style.mask is not None for style in styles)
    if guided or any(style.apart for style in styles):
        objective = objective.of_each_style(len(styles), guided)
    measured = _measured(network, objective, len(styles), guided)
    compiled = _compiled(network, objective.terms)

    def at(content: np.ndarray) -> Evaluate:
        size = content.shape[1], content.shape[2]
        sized = [tf.constant(style.at(*size)) for style in styles]
        masks = [tf.constant(style.mask_at(*size)) for style in styles] if guided else []
        shares = [tf.constant(share, tf.float32) for share in _shares(styles, masks)]
        targets = measured(tf.constant(content), sized, shares, masks)
        evaluate = compiled.get_concrete_function(PICTURE_SPEC, tf.nest.map_structure(_any_size, targets))
        return lambda image: evaluate(image, targets)

    return at


def _shares(styles: Sequence[Style], masks: Sequence[Tensor]) -> list[float]:
    """Each style's share: its normalized weight; with masks, times the number of masks and the mask's area.

    So styles of equal weight, one per mask, count 1 each times their area; several in one mask divide its share.
    """
    weights = np.array([style.weight for style in styles], np.float64)
    weights /= weights.sum()
    if not masks:
        return list(weights)
    places = len({id(style.mask) for style in styles})
    return [weight * places * float(np.mean(mask)) for weight, mask in zip(weights, masks, strict=True)]


def _any_size(tensor: Tensor) -> tf.TensorSpec:
    """The tensor's specification; features' `[1,h,w,C]` is for any height and width."""
    features = len(tensor.shape) == 4 and tensor.shape[0] == 1
    shape = [1, None, None, tensor.shape[-1]] if features else tensor.shape
    return tf.TensorSpec(shape, tensor.dtype)


def _measured(network: Network, objective: Objective, styles: int, guided: bool) -> Callable[..., dict[str, Target]]:
    """(content, styles' pictures, shares and masks) -> targets, as a graph: features are given up once measured."""

    def measured(
        content: Image, pictures: Sequence[Image], shares: Sequence[Scalar], masks: Sequence[Tensor]
    ) -> dict[str, Target]:
        features: list[Features] = []
        for picture in (*pictures, content):
            with tf.control_dependencies(tf.nest.flatten(features)):  # one after the other, for memory's sake
                picture = tf.identity(picture)
                features.append({IMAGE: picture, **network(picture, objective.layers, gradient=False)})
        *of_styles, of_content = features
        return objective.targets(Reference(of_content, list(zip(of_styles, shares, strict=True)), masks))

    signature = (
        PICTURE_SPEC,
        [PICTURE_SPEC] * styles,
        [tf.TensorSpec([])] * styles,
        [MASK_SPEC] * (styles if guided else 0),
    )
    return tf.function(measured, autograph=False).get_concrete_function(*signature)


@lru_cache(maxsize=8)
def _compiled(network: Network, terms: tuple[tuple[str, Loss], ...]) -> Any:
    """One forward and one backward pass as a graph; all that a sweep or a pyramid varies comes in as a tensor."""
    layers = network_layers(terms)

    @tf.function(autograph=False)
    def evaluate(image: Image, targets: dict[str, Target]) -> Point:
        with tf.GradientTape() as tape:
            tape.watch(image)
            canonical = measure(terms, {IMAGE: image, **network(image, layers)}, targets)
            total, weighted = weigh(canonical, targets)
        return Point(image, total, tape.gradient(total, image), weighted, canonical)

    return evaluate
