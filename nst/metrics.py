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
from nst.extractor.tiles import Tile, inside_of, part_of, shares, tiles
from nst.image.io import LUMA, fit, from_uint8, resize, to_uint8
from nst.image.strips import strips
from nst.layers import STYLE_LAYERS, stride_of
from nst.loss.contract import Size
from nst.loss.guided import guide
from nst.loss.statistics import second_moments
from nst.state import Features, Metric, Tensor
from nst.style import Style

CONTENT_LAYERS = ("block4_conv2", "block3_conv3")  # the first that the network has is used
SIDE = 1024  # pixels; a larger picture is measured by tiles, which needs less memory
WINDOW = 5  # pixels that the window of the structural similarity reaches: 3.5 times its sigma
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
    groups = _by_mask(styles)
    grams, content_distance = _measured(network, picture, content, style_layers, content_layer, groups)
    return {
        Metric.style_distance.value: _style_distance(network, grams, max(content.shape[1:3]), groups)
        if style_layers
        else None,
        Metric.content_distance.value: content_distance,
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

    def similarity(first: int, last: int) -> float:
        """The sum over the rows `first` to `last` (not included)."""
        a, b = (np.asarray(x[0, first - WINDOW : last + WINDOW] @ LUMA, np.float64) for x in (picture, content))
        value = cast(Any, structural_similarity)(a, b, data_range=1.0, sigma=1.5, **settings)
        return float(value) * (last - first)

    settings = {"gaussian_weights": True, "use_sample_covariance": False}
    rows = strips(WINDOW, picture.shape[1] - WINDOW, picture.shape[2])
    return sum(similarity(*strip) for strip in rows) / (picture.shape[1] - 2 * WINDOW)


def chroma_distance(picture: np.ndarray, content: np.ndarray) -> float:
    """Mean distance of the colors of two images `[1,H,W,3]`, in CIELAB units, without lightness."""
    from skimage.color import rgb2lab

    def distance(first: int, last: int) -> float:
        a, b = (rgb2lab(image[:, first:last])[..., 1:] for image in (picture, content))
        return float(np.sqrt(((a - b) ** 2).sum(-1)).mean()) * (last - first)

    return sum(distance(*strip) for strip in strips(0, picture.shape[1], picture.shape[2])) / picture.shape[1]


def _by_mask(styles: Sequence[Style]) -> list[list[Style]]:
    """The styles, those with the same mask together."""
    groups: dict[int, list[Style]] = {}
    for style in styles:
        groups.setdefault(id(style.mask), []).append(style)
    return list(groups.values())


def _measured(
    network: Network,
    picture: np.ndarray,
    content: np.ndarray,
    style_layers: Sequence[str],
    content_layer: str | None,
    groups: Sequence[Sequence[Style]],
) -> tuple[list[dict[str, Tensor]], float | None]:
    """({layer: Gram matrix} in the mask of each group, content distance), by tiles if the picture is large."""
    contents = [content_layer] if content_layer else []
    layers = [*style_layers, *contents]
    parts = tiles(picture.shape[1:3], SIDE, network, layers)
    weights = shares(parts, layers)
    guides = [_guides(styles[0].mask, picture, style_layers) for styles in groups]
    grams: list[dict[str, Tensor]] = [dict.fromkeys(style_layers, 0.0) for _ in groups]
    off = square = 0.0
    for index, tile in enumerate(parts):
        found = _inside(network(tf.constant(tile.of(picture)), layers), tile)
        for gram, guide_at in zip(grams, guides, strict=True):
            for layer in style_layers:
                seen = found[layer] * part_of(guide_at[layer], layer, tile.tensor) if guide_at else found[layer]
                gram[layer] += weights[layer][index] * second_moments(seen)
        for layer in contents:
            wanted = _inside(_features(network, np.ascontiguousarray(tile.of(content)), contents), tile)[layer]
            off += weights[layer][index] * float(tf.reduce_mean((found[layer] - wanted) ** 2))
            square += weights[layer][index] * float(tf.reduce_mean(wanted**2))
    return grams, float(np.float64(off) / square) if contents else None


def _inside(features: Features, tile: Tile) -> Features:
    return {layer: inside_of(x, layer, tile.tensor) for layer, x in features.items()}


def _guides(mask: np.ndarray | None, picture: np.ndarray, layers: Sequence[str]) -> dict[str, Tensor]:
    """`{layer: the guide of a mask, [1,h,w,1]}`; empty if there is no mask."""
    if mask is None:
        return {}
    height, width = picture.shape[1:3]
    return {layer: guide(mask, Size(height // stride_of(layer), width // stride_of(layer), 1)) for layer in layers}


def _style_distance(
    network: Network, grams: Sequence[dict[str, Tensor]], long_side: int, groups: Sequence[Sequence[Style]]
) -> float:
    """Mean over layers. Styles with masks: each mask's distance in its own part, averaged by weight times area."""
    distances, weights = [], []
    for styles, found in zip(groups, grams, strict=True):
        mask, targets = styles[0].mask, _style_grams(network, list(found), long_side, styles)
        distances.append(np.mean([_relative(found[layer], targets[layer]) for layer in found]))
        weights.append(sum(style.weight for style in styles) * (1.0 if mask is None else float(mask.mean())))
    return float(np.average(distances, weights=weights))


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
    grams: dict[str, Any] = dict.fromkeys(layers, 0.0)
    parts = tiles(picture.shape[1:3], SIDE, network, layers)
    weights = shares(parts, layers)
    for index, tile in enumerate(parts):
        for layer, features in _inside(network(tf.constant(tile.of(picture)), layers), tile).items():
            grams[layer] += weights[layer][index] * second_moments(features)
    return grams


def _relative(found: Any, wanted: Any) -> float:
    return float(tf.reduce_mean((found - wanted) ** 2) / tf.reduce_mean(wanted**2))
