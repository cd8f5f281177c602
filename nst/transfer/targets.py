"""The targets of an objective at a level, measured once for all runs on the same pictures.

A target's scales are proportional to the loss's weight. So targets are measured with a weight of 1, kept, and
multiplied by the weights of each run: a sweep over weights or optimizers measures its pictures once.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf
from cachetools import LRUCache

from nst.extractor.network import Network
from nst.layers import IMAGE
from nst.loss.contract import Loss, Reference, Target
from nst.loss.objective import Objective, apart, network_layers
from nst.state import Features, Image, Scalar, Tensor
from nst.transfer.tiled_targets import targets_by_tiles

CACHE_BYTES = 256 * 2**20  # of targets; the least recently used are dropped first
PICTURE_SPEC = tf.TensorSpec([1, None, None, 3])
MASK_SPEC = tf.TensorSpec([1, None, None, 1])

Term = tuple[str, Loss, str]  # (name, the loss with a weight of 1, all its settings: losses compare without some)


@dataclass(frozen=True, eq=False)
class Pictures:
    """What targets are measured on, at the size of a level.

    Args:
        content: `[1,H,W,3]`, RGB 0..1.
        styles: `[1,h,w,3]` each.
        shares: one per style.
        masks: `[1,H,W,1]`, one per style, or none.
    """

    content: np.ndarray
    styles: Sequence[np.ndarray]
    shares: Sequence[float]
    masks: Sequence[np.ndarray]

    @property
    def digest(self) -> str:
        """A hash of all arrays and shares."""
        hashed = hashlib.sha256(repr(tuple(self.shares)).encode())
        for array in (self.content, *self.styles, *self.masks):
            hashed.update(repr(array.shape).encode())
            hashed.update(np.ascontiguousarray(array).data)
        return hashed.hexdigest()


def measured(network: Network, objective: Objective, pictures: Pictures, side: int | None = None) -> dict[str, Target]:
    """Return `{term: target}` of `objective`, whose styles are split already where they must be.

    Args:
        network: the network.
        objective: the losses.
        pictures: the content and the styles.
        side: larger pictures are measured by tiles of at most so many pixels; None: no picture is.
    """
    terms = tuple((name, one := replace(loss, weight=1.0), repr(one)) for name, loss in objective.terms)
    key = network, terms, pictures.digest, side
    found = _kept.get(key)
    if found is None:
        found = _measured(network, terms, pictures) if side is None else _by_tiles(network, terms, pictures, side)
        if _bytes(found) <= CACHE_BYTES:
            _kept[key] = found
    weights = {name: loss.weight for name, loss in objective.terms}
    return {
        name: Target(values, {layer: weights[name] * scale for layer, scale in scales.items()})
        for name, (values, scales) in found.items()
    }


def is_map(tensor: Tensor) -> bool:
    """Whether `tensor`, of a target, has values at each position of a layer: `[1,h,w,C]`."""
    return len(tensor.shape) == 4 and tensor.shape[0] == 1


def any_size(tensor: Tensor) -> tf.TensorSpec:
    """The specification of `tensor`, of a target; any height and width if it is a map."""
    shape = [1, None, None, tensor.shape[-1]] if is_map(tensor) else tensor.shape
    return tf.TensorSpec(shape, tensor.dtype)


def _bytes(targets: dict[str, Target]) -> int:
    return sum(tensor.dtype.size * int(tf.size(tensor)) for tensor in tf.nest.flatten(targets))


_kept: LRUCache[Any, dict[str, Target]] = LRUCache(CACHE_BYTES, getsizeof=_bytes)


def _measured(network: Network, terms: tuple[Term, ...], pictures: Pictures) -> dict[str, Target]:
    graph = _graph(network, terms, len(pictures.styles), bool(pictures.masks))
    styles, masks = ([tf.constant(array) for array in arrays] for arrays in (pictures.styles, pictures.masks))
    shares = [tf.constant(share, tf.float32) for share in pictures.shares]
    return graph(tf.constant(pictures.content), styles, shares, masks)


def _by_tiles(network: Network, terms: tuple[Term, ...], pictures: Pictures, side: int) -> dict[str, Target]:
    of_network, of_picture = apart(tuple((name, loss) for name, loss, _ in terms))
    whole = _measured(network, tuple(term for term in terms if term[:2] in of_picture), pictures)
    styles = list(zip(pictures.styles, pictures.shares, strict=True))
    return whole | targets_by_tiles(network, of_network, pictures.content, styles, pictures.masks, side)


@lru_cache(maxsize=32)
def _graph(network: Network, terms: tuple[Term, ...], styles: int, guided: bool) -> Callable[..., dict[str, Target]]:
    """(content, styles, shares, masks) -> targets, for any size. A graph frees features after their last use."""
    losses = tuple((name, loss) for name, loss, _ in terms)

    def measure(
        content: Image, pictures: Sequence[Image], shares: Sequence[Scalar], masks: Sequence[Tensor]
    ) -> dict[str, Target]:
        features: list[Features] = []
        for picture in (*pictures, content):
            with tf.control_dependencies(tf.nest.flatten(features)):  # one after the other, to save memory
                picture = tf.identity(picture)
                features.append({IMAGE: picture, **network(picture, network_layers(losses), gradient=False)})
        *of_styles, of_content = features
        reference = Reference(of_content, list(zip(of_styles, shares, strict=True)), masks)
        return {name: loss.target(reference) for name, loss in losses}

    signature = (
        PICTURE_SPEC,
        [PICTURE_SPEC] * styles,
        [tf.TensorSpec([])] * styles,
        [MASK_SPEC] * (styles if guided else 0),
    )
    return tf.function(measure, autograph=False).get_concrete_function(*signature)
