"""Compare a network with its teacher: unexplained variance of features, and rank correlations of distances."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from distill.networks import CONTENT
from distill.regression import regress
from nst.layers import LAYERS, STYLE_LAYERS

See = Callable[[np.ndarray], Mapping[str, np.ndarray]]  # [1,H,W,3] -> {layer: [1,h,w,c]}

POSITIONS = 256
"""Random positions per layer and picture, for the linear maps."""


def unexplained(
    network: See, teacher: See, fitted: Sequence[np.ndarray], held_out: Sequence[np.ndarray]
) -> dict[str, float]:
    """{layer: share of the teacher's variance that the best linear map of channels leaves unexplained}.

    Args:
        network: the network to evaluate.
        teacher: the network to compare with.
        fitted: pictures `[1,H,W,3]` on which the linear maps are fitted.
        held_out: other pictures, on which the error is measured.
    """
    ours, theirs = _positions(network, teacher, fitted)
    found, wanted = _positions(network, teacher, held_out)
    shares = {}
    for layer in theirs:
        kernel = regress(ours[layer], theirs[layer])
        error = ((found[layer] @ kernel - wanted[layer]) ** 2).mean()
        shares[layer] = float(error / wanted[layer].var(0).mean())
    return shares


def _positions(network: See, teacher: See, pictures: Sequence[np.ndarray]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Features of both networks at the same random positions, `{layer: [positions, channels]}`."""
    random = np.random.default_rng(0)
    ours: dict[str, list[np.ndarray]] = {}
    theirs: dict[str, list[np.ndarray]] = {}
    for picture in pictures:
        mine, its = network(picture), teacher(picture)
        for layer in LAYERS:
            height, width = its[layer].shape[1:3]
            chosen = random.choice(height * width, min(POSITIONS, height * width), replace=False)
            ours.setdefault(layer, []).append(_flat(mine[layer])[chosen])
            theirs.setdefault(layer, []).append(_flat(its[layer])[chosen])
    return {k: np.concatenate(v) for k, v in ours.items()}, {k: np.concatenate(v) for k, v in theirs.items()}


class Distances:
    """Relative distances of all ordered pairs of pictures of equal size, as `nst.metrics` defines them."""

    def __init__(self) -> None:
        self._grams: dict[str, list[np.ndarray]] = {}
        self._features: dict[str, list[np.ndarray]] = {}

    @classmethod
    def seen(cls, see: See, pictures: Sequence[np.ndarray]) -> Distances:
        """Distances between `pictures` in the features of a network."""
        distances = cls()
        for picture in pictures:
            distances.add(see(picture))
        return distances

    def add(self, features: Mapping[str, np.ndarray]) -> None:
        """Add pictures by their features, `{layer: [n,h,w,c]}`; all calls need the same layers."""
        for layer, values in features.items():
            for F in values:
                if layer in STYLE_LAYERS:
                    self._grams.setdefault(layer, []).append(_flat(F).T @ _flat(F) / len(_flat(F)))
                if layer == CONTENT:
                    self._features.setdefault(layer, []).append(F)

    def style(self, layers: Sequence[str]) -> np.ndarray:
        """Style distances: the mean over `layers` of mean((G - A)^2) / mean(A^2)."""
        return np.mean([_relative(self._grams[layer]) for layer in layers], axis=0)

    def content(self, layer: str) -> np.ndarray:
        """Content distances: mean((F - P)^2) / mean(P^2)."""
        return _relative(self._features[layer])


def correlations(ours: Distances, teachers: Distances) -> dict[str, float]:
    """Spearman's rank correlations of the distances in two networks, over all pairs of the same pictures.

    Returns:
        {"style", "content"}: 1 for the same order. Layers are those of nst's metrics.
    """
    return {
        "style": rank(ours.style(STYLE_LAYERS), teachers.style(STYLE_LAYERS)),
        "content": rank(ours.content(CONTENT), teachers.content(CONTENT)),
    }


def rank(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation of two arrays."""
    return float(np.asarray(spearmanr(a, b))[0])


def _relative(values: Sequence[np.ndarray]) -> np.ndarray:
    flat = np.stack([value.ravel() for value in values]).astype(np.float64)
    products = flat @ flat.T
    energy = np.diag(products)
    distances = (energy[:, None] + energy[None, :] - 2 * products) / energy[None, :]
    return distances[~np.eye(len(flat), dtype=bool)]


def _flat(features: np.ndarray) -> np.ndarray:
    return np.asarray(features).reshape(-1, features.shape[-1])
