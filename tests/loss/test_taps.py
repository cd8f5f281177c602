"""Losses measured while the network is computed, against the same losses of its features."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from nst.extractor.network import Network
from nst.layers import IMAGE, STYLE_LAYERS
from nst.loss.content.features import Features
from nst.loss.contract import Loss, Reference
from nst.loss.guided import SingleStyle
from nst.loss.objective import measure, weigh
from nst.loss.statistics import second_moments
from nst.loss.style.gram import Gram, gram
from nst.loss.style.gram_shifted import GramShifted
from nst.loss.style.histogram import Histogram
from nst.loss.style.moments import Moments
from nst.loss.style.wasserstein import Wasserstein
from nst.loss.taps import Taps
from tests.conftest import blobs

PICTURE, CONTENT, STYLE = (tf.constant(blobs(48, 64, seed)) for seed in (1, 2, 3))
MASK = tf.constant(np.linspace(0, 1, 48 * 64, dtype=np.float32).reshape(1, 48, 64, 1))
GRAM = Gram(layers=("block1_conv2", "block2_conv1", "block3_conv1"))
TERMS: dict[str, dict[str, Loss]] = {
    "one": {"style": GRAM},
    "two on a layer": {"style/a": GRAM, "style/b": Gram(weight=3.0, layers=("block2_conv1", "block4_conv1"))},
    "beside a loss of features": {"style/a": GRAM, "style/b": Histogram(layers=("block2_conv1", "block3_conv2"))},
    "content": {"content": Features(layers=("block2_conv1", "block3_conv2")), "style": GRAM},
    "moments": {"style": Moments(layers=("block2_conv1", "block3_conv2"))},
    "wasserstein": {"style": Wasserstein(layers=("block2_conv1", "block3_conv2"))},
    "shifted": {"style": GramShifted(layers=("block2_conv1", "block3_conv2"))},
    "chained": {"style": GramShifted(layers=("block2_conv1", "block3_conv2"), chained=True)},
    "in a mask": {"style/0": SingleStyle(2.0, GRAM.layers, GRAM, 0, guided=True)},
    "of one of several styles": {"style/0": SingleStyle(2.0, GRAM.layers, GRAM, 0, guided=False)},
}


@pytest.mark.parametrize("losses", TERMS.values(), ids=list(TERMS))
def test_values_and_gradient_equal_those_of_features(network: Network, losses: dict[str, Loss]) -> None:
    terms = tuple(losses.items())
    layers = sorted({layer for loss in losses.values() for layer in loss.layers})
    content, style = ({IMAGE: picture, **network(picture, layers)} for picture in (CONTENT, STYLE))
    targets = {name: loss.target(Reference(content, [(style, 1.0)], [MASK])) for name, loss in terms}

    def evaluate(taps: Taps | None) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(PICTURE)
            features = network.features(PICTURE, layers, tap=taps or (lambda _, x: x))
            values = measure(terms, {IMAGE: PICTURE, **features}, targets, taps)
            total, _ = weigh(values, targets)
        return values, tape.gradient(total, PICTURE)

    (values, gradient), (expected, expected_gradient) = evaluate(Taps(terms, targets)), evaluate(None)
    for name, _ in terms:
        assert set(values[name]) == set(expected[name])
        for layer, value in expected[name].items():
            assert float(values[name][layer]) == pytest.approx(float(value), rel=1e-5)
    size = float(np.abs(expected_gradient).max())
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-5 * size, rtol=0)


@pytest.mark.parametrize("positions", [(1, 1), (3, 5), (16, 16), (31, 33), (90, 71)])
@pytest.mark.parametrize("channels", [3, 64])
def test_gram_matrices_of_bfloat16_are_close_to_those_of_float32(
    positions: tuple[int, int], channels: int, rng: np.random.Generator
) -> None:
    features = tf.cast(tf.nn.relu(rng.normal(0.3, 1, (1, *positions, channels))), tf.bfloat16)
    exact = tf.cast(features, tf.float32)
    upstream = tf.constant(rng.normal(size=(channels, channels)), tf.float32)

    def value_and_gradient(x: Any) -> tuple[np.ndarray, np.ndarray]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            G = gram(x)
            total = tf.reduce_sum(upstream * G)
        assert G.dtype == tf.float32
        return G.numpy(), tf.cast(tape.gradient(total, x), tf.float32).numpy()

    for found, expected in zip(value_and_gradient(features), value_and_gradient(exact), strict=True):
        assert np.linalg.norm(found - expected) <= 5e-3 * np.linalg.norm(expected)


def test_many_positions_are_added_in_float32(rng: np.random.Generator) -> None:
    features = tf.cast(rng.uniform(0, 1, (1, 512, 128, 8)), tf.bfloat16)
    expected = second_moments(tf.cast(features, tf.float64)).numpy()
    error = np.linalg.norm(second_moments(features) - expected) / np.linalg.norm(expected)
    one_product = tf.matmul(*[tf.reshape(features, [-1, 8])] * 2, transpose_a=True) / (512 * 128)
    assert error < 1e-3 < np.linalg.norm(tf.cast(one_product, tf.float64) - expected) / np.linalg.norm(expected)


def test_the_network_gives_every_tapped_layer_to_the_tap_once(network: Network) -> None:
    seen: list[str] = []

    def tap(layer: str, features: Any) -> Any:
        seen.append(layer)
        return features

    found = network.features(PICTURE, STYLE_LAYERS, tap=tap)
    assert tuple(seen) == tuple(found) == STYLE_LAYERS
