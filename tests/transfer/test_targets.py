"""Targets: those of each loss, and measured once for the runs of a sweep on the same pictures."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from cachetools import LRUCache
from hydra.utils import get_class
from omegaconf import OmegaConf

from nst import Features, Gram, Objective
from nst.extractor.network import Network
from nst.layers import IMAGE
from nst.loss.contract import Loss, Reference, Target
from nst.loss.smooth.total_variation import TotalVariation
from nst.transfer import targets
from nst.transfer.targets import Pictures, measured
from tests.conftest import ROOT, blobs

LAYERS = ("block1_conv1", "block2_conv1")
PICTURES = Pictures(blobs(40, 48, 1), [blobs(44, 40, 2)], [1.0], [])
KINDS = [
    get_class(str(OmegaConf.select(OmegaConf.load(file), "_target_")))
    for file in sorted((ROOT / "conf/loss/style").glob("*.yaml"))
]
PLAIN = Objective(Features(layers=LAYERS, weight=3), Gram(layers=LAYERS, weight=8), TotalVariation(weight=0.1))


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No targets of other tests."""
    monkeypatch.setattr(targets, "_kept", LRUCache(targets.CACHE_BYTES, getsizeof=targets._bytes))


@pytest.fixture
def measurements(monkeypatch: pytest.MonkeyPatch) -> list[Pictures]:
    """The pictures of every measurement that is not taken from the cache."""
    seen: list[Pictures] = []
    really = targets._measured

    def counted(network: Network, terms: Any, pictures: Pictures) -> dict[str, Target]:
        seen.append(pictures)
        return really(network, terms, pictures)

    monkeypatch.setattr(targets, "_measured", counted)
    return seen


def features(network: Network, picture: np.ndarray, layers: tuple[str, ...]) -> dict[str, Any]:
    return {IMAGE: tf.constant(picture), **network(tf.constant(picture), layers)}


def assert_equal(found: Target, expected: Target) -> None:
    for a, b in zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * float(tf.reduce_max(tf.abs(b))))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if issubclass(kind, Loss)])
def test_targets_are_those_of_the_losses(network: Network, kind: Any) -> None:
    objective = Objective(Features(layers=LAYERS, weight=3), kind(weight=0.7, layers=LAYERS))
    content, painting = (features(network, p, LAYERS) for p in (PICTURES.content, PICTURES.styles[0]))
    found = measured(network, objective, PICTURES)
    for name, loss in objective.terms:
        assert_equal(found[name], loss.target(Reference(content, [(painting, tf.constant(1.0))])))


def test_another_weight_takes_the_same_measurement(network: Network, measurements: list[Pictures]) -> None:
    first = measured(network, PLAIN, PICTURES)
    heavy = replace(PLAIN, style=Gram(layers=LAYERS, weight=80), content=Features(layers=LAYERS, weight=0.5))
    second = measured(network, heavy, replace(PICTURES, content=PICTURES.content.copy()))
    assert len(measurements) == 1
    for layer in LAYERS:
        assert float(second["style"].scales[layer]) == pytest.approx(10 * float(first["style"].scales[layer]))
        assert float(second["content"].scales[layer]) == pytest.approx(float(first["content"].scales[layer]) / 6)
        np.testing.assert_array_equal(second["style"].values[layer], first["style"].values[layer])


@pytest.mark.parametrize(
    ("objective", "pictures"),
    [
        (PLAIN, replace(PICTURES, content=PICTURES.content[:, ::-1])),
        (PLAIN, replace(PICTURES, styles=[blobs(44, 40, 3)])),
        (replace(PLAIN, style=Gram(layers=LAYERS, normalizer="mean")), PICTURES),
        (replace(PLAIN, style=Gram(layers=LAYERS, layer_weights=(1, 2))), PICTURES),
        (replace(PLAIN, style=Gram(layers=LAYERS[:1])), PICTURES),
        (replace(PLAIN, smooth=None), PICTURES),
    ],
)
def test_what_changes_targets_is_measured_anew(
    network: Network, measurements: list[Pictures], objective: Objective, pictures: Pictures
) -> None:
    measured(network, PLAIN, PICTURES)
    measured(network, objective, pictures)
    assert len(measurements) == 2


def test_kept_targets_stay_below_their_bound(
    network: Network, measurements: list[Pictures], monkeypatch: pytest.MonkeyPatch
) -> None:
    size = targets._bytes(measured(network, PLAIN, PICTURES))
    kept: LRUCache[Any, Any] = LRUCache(1.5 * size, getsizeof=targets._bytes)
    monkeypatch.setattr(targets, "_kept", kept)
    monkeypatch.setattr(targets, "CACHE_BYTES", 1.5 * size)
    for seed in range(3):
        measured(network, PLAIN, replace(PICTURES, styles=[blobs(44, 40, seed)]))
    assert len(kept) == 1
    monkeypatch.setattr(targets, "CACHE_BYTES", size - 1)
    measured(network, PLAIN, replace(PICTURES, styles=[blobs(44, 40, 9)]))
    assert len(kept) == 1, "what is larger than the bound is not kept"
