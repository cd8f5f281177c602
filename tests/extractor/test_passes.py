"""The two passes of a network: bits, poolings, and the gradient, against TensorFlow's."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from nst.extractor import passes
from nst.extractor.network import Network
from nst.extractor.ops import pooling
from nst.extractor.ops.bits import packed, unpacked
from nst.extractor.options import POOLINGS
from nst.layers import STYLE_LAYERS
from tests.conftest import blobs

RANDOM = np.random.default_rng(3)
PICTURE = tf.constant(blobs(53, 71, 1))


@pytest.mark.parametrize("shape", [(1,), (7,), (8,), (3, 5, 7), (1, 6, 9, 16), (0,)])
def test_unpacking_inverts_packing(shape: tuple[int, ...]) -> None:
    flags = RANDOM.random(shape) < 0.5
    bits = packed(tf.constant(flags))
    assert bits.dtype == tf.uint8
    assert bits.shape == (-(-flags.size // 8),)
    np.testing.assert_array_equal(unpacked(bits, tf.zeros(shape)), flags)


def test_bits_are_in_the_documented_order() -> None:
    flags = [index in (0, 3, 9, 16) for index in range(17)]
    assert packed(tf.constant(flags)).numpy().tolist() == [0b1001, 0b10, 0b1]


@pytest.mark.parametrize("precision", [tf.float32, tf.bfloat16])
@pytest.mark.parametrize("size", [(2, 2), (8, 6), (7, 9), (2, 5)])
@pytest.mark.parametrize("name", POOLINGS)
def test_poolings_and_their_gradients_equal_tensorflows(name: str, size: tuple[int, int], precision: Any) -> None:
    """Also where values are equal: they are rounded, and many are 0."""
    x = tf.cast(tf.nn.relu(np.round(RANDOM.normal(size=(1, *size, 16)), 1)), precision)
    upstream = tf.cast(RANDOM.normal(size=(1, size[0] // 2, size[1] // 2, 16)), precision)
    with tf.GradientTape() as tape:
        tape.watch(x)
        expected = POOLINGS[name](x, 2, 2, "VALID")
    found, kept = pooling.forward(name, x)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(pooling.backward(name, kept, upstream), tape.gradient([expected], x, [upstream]))


@pytest.mark.parametrize("options", [{}, {"padding": "reflect", "pooling": "avg"}, {"padding": "replicate"}])
def test_the_gradient_is_that_of_a_tape_and_bytes_are_as_estimated(network: Network, options: dict[str, Any]) -> None:
    network = network.replace(**options)
    seen: dict[str, Any] = {}

    def tap(layer: str, features: Any) -> Any:
        seen[layer] = features
        return features

    with tf.GradientTape() as tape:
        tape.watch(PICTURE)
        found = network.features(PICTURE, STYLE_LAYERS)
        total = tf.add_n([tf.reduce_sum(features**2) for features in found.values()])
    kept = passes.forward(network, PICTURE, STYLE_LAYERS, tap)
    assert list(seen) == list(found)
    for layer, features in found.items():
        np.testing.assert_array_equal(seen[layer], features)
    gradient = passes.backward(network, PICTURE, kept, lambda _, features: 2 * features)
    expected: Any = tape.gradient(total, PICTURE)
    assert np.linalg.norm(gradient - expected) <= 1e-5 * np.linalg.norm(expected)
    held = sum(tensor.dtype.size * int(tf.size(tensor)) for tensor in tf.nest.flatten(kept))
    assert held == pytest.approx(passes.bytes_per_pixel(network, STYLE_LAYERS) * 53 * 71, rel=0.1)
