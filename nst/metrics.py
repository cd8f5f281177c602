"""Metrics of a result, comparable between runs with different losses: of the saved 8-bit picture, at fixed layers.

`nst.extractor.metric_network` chooses the network. The style is measured at the long side of the result, independent of
`style.scale`.

    style_distance     mean over block1_conv1 ... block5_conv1 of mean((G - A)^2) / mean(A^2)     lower is nearer
    content_distance   mean((F - P)^2) / mean(P^2) at block4_conv2                                lower is nearer
    ssim               structural similarity to the content's luminance (Wang et al. 2004)        higher is nearer
    chroma_distance    mean distance from the content in CIELAB's a and b; below 1 is not visible  lower is nearer

G, A: Gram matrices of the result and of the style. F, P: features of the result and of the content. If the weights lack
some layers, the mean is over the others, and the content distance is at block3_conv3.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

import numpy as np
import tensorflow as tf
from cachetools import LRUCache, cached

from nst.extractor.network import Network
from nst.image.io import LUMA, fit, from_uint8, resize, to_uint8
from nst.layers import STYLE_LAYERS
from nst.loss.guided import guide
from nst.loss.statistics import second_moments
from nst.state import Features, Metric
from nst.style import Style

CONTENT_LAYERS = ("block4_conv2", "block3_conv3")  # the first that the network has is used
CACHE_BYTES = 256 * 2**20  # of features and Gram matrices; the least recently used are dropped first


def measure_picture(
    network: Network, picture: np.ndarray, content: np.ndarray, styles: Sequence[Style]
) -> dict[str, Any]:
    """Measure `picture` against `content` and `styles`.

    Features of contents and styles are cached for the next picture, up to `CACHE_BYTES`.

    Args:
        network: used as it was trained: max pooling, zero padding, float32.
        picture: `[1,H,W,3]`, RGB 0..1; rounded to 8 bits first.
        content: the same shape.
        styles: at least one; their weights and masks count, their scales do not.

    Returns:
        {style_distance, content_distance, ssim, chroma_distance, network, network_sha256, style_layers, content_layer}.
        A distance is None if the network has none of its layers; then `content_layer` is None, `style_layers` empty.
    """
    network, picture = network.as_trained, from_uint8(to_uint8(picture))
    style_layers = [layer for layer in STYLE_LAYERS if layer in network.layers]
    content_layer = next((layer for layer in CONTENT_LAYERS if layer in network.layers), None)
    contents = [content_layer] if content_layer else []
    wanted = _features(network, content, contents)
    found = network(tf.constant(picture), [*style_layers, *contents])
    return {
        Metric.style_distance.value: _style_distance(network, style_layers, found, max(content.shape[1:3]), styles)
        if style_layers
        else None,
        Metric.content_distance.value: _relative(found[content_layer], wanted[content_layer])
        if content_layer
        else None,
        Metric.ssim.value: ssim(picture, content),
        Metric.chroma_distance.value: chroma_distance(picture, content),
        "network": network.source.name,
        "network_sha256": network.source.sha256,
        "style_layers": style_layers,
        "content_layer": content_layer,
    }


def ssim(picture: np.ndarray, content: np.ndarray) -> float:
    """Structural similarity of the luminance of two images `[1,H,W,3]`, -1..1, with the paper's Gaussian window."""
    from skimage.metrics import structural_similarity  # takes half a second to import

    a, b = (np.asarray(image[0] @ LUMA, np.float64) for image in (picture, content))
    window: Any = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(cast(Any, structural_similarity)(a, b, data_range=1.0, **window))


def chroma_distance(picture: np.ndarray, content: np.ndarray) -> float:
    """Mean distance of the colors of two images `[1,H,W,3]`, in CIELAB units, without lightness."""
    from skimage.color import rgb2lab

    a, b = (rgb2lab(image)[..., 1:] for image in (picture, content))
    return float(np.sqrt(((a - b) ** 2).sum(-1)).mean())


def _style_distance(
    network: Network, layers: Sequence[str], found: Features, long_side: int, styles: Sequence[Style]
) -> float:
    """Mean over layers. Styles with masks: each mask's distance in its own part, averaged by weight times area."""
    parts: dict[int, list[Style]] = {}
    for style in styles:
        parts.setdefault(id(style.mask), []).append(style)
    distances, shares = [], []
    for part in parts.values():
        mask, targets = part[0].mask, _style_grams(network, layers, long_side, part)
        seen = {layer: found[layer] if mask is None else found[layer] * guide(mask, found[layer]) for layer in layers}
        distances.append(np.mean([_relative(second_moments(seen[layer]), targets[layer]) for layer in layers]))
        shares.append(sum(style.weight for style in part) * (1.0 if mask is None else float(mask.mean())))
    return float(np.average(distances, weights=shares))


def _style_grams(network: Network, layers: Sequence[str], long_side: int, styles: Sequence[Style]) -> dict[str, Any]:
    """The styles' Gram matrices at the result's long side, averaged by weight."""
    total = sum(style.weight for style in styles)
    totals: dict[str, Any] = dict.fromkeys(layers, 0.0)
    for style in styles:
        picture = resize(style.picture, *fit(style.picture.shape[1:3], long_side))
        grams = _grams(network, picture, layers)
        for layer in layers:
            totals[layer] += style.weight / total * grams[layer]
    return totals


def _key(network: Network, picture: np.ndarray, layers: Sequence[str], what: str) -> tuple[object, ...]:
    digest = hashlib.sha256(np.ascontiguousarray(picture).data).hexdigest()
    return network.source.sha256, digest, picture.shape, tuple(layers), what


def _bytes(tensors: Mapping[str, Any]) -> int:
    return sum(tensor.dtype.size * int(tf.size(tensor)) for tensor in tensors.values())


_cached: LRUCache[Any, dict[str, Any]] = LRUCache(CACHE_BYTES, getsizeof=_bytes)


@cached(_cached, key=partial(_key, what="features"))
def _features(network: Network, picture: np.ndarray, layers: Sequence[str]) -> dict[str, Any]:
    """{layer: features of `picture`}."""
    return network(tf.constant(picture), layers)


@cached(_cached, key=partial(_key, what="grams"))
def _grams(network: Network, picture: np.ndarray, layers: Sequence[str]) -> dict[str, Any]:
    """{layer: Gram matrix of `picture`}."""
    return {layer: second_moments(features) for layer, features in network(tf.constant(picture), layers).items()}


def _relative(found: Any, wanted: Any) -> float:
    return float(tf.reduce_mean((found - wanted) ** 2) / tf.reduce_mean(wanted**2))
