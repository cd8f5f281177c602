"""Convolutions, with Winograd's method and few channels, and gradients, against TensorFlow's."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from nst import VGG19Slim
from nst.errors import InputError
from nst.extractor.ops.convolution import Layer, resolve
from nst.extractor.ops.few_channels import CHANNELS as CHANNELS_OUT
from nst.extractor.ops.few_channels import few_channels, pays
from nst.extractor.ops.winograd import CHANNELS, STRIP, TILE, winograd
from nst.loss.style.gram import gram

RANDOM = np.random.default_rng(7)
SEVERAL_STRIPS = TILE * (int(STRIP**0.5) + 3)


def normal(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def gradient(function: Any, x: Any, upstream: Any) -> np.ndarray:
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x, output_gradients=upstream).numpy()


def assert_close(found: Any, expected: Any, tolerance: float = 1e-4) -> None:
    scale = float(np.abs(expected).max())
    np.testing.assert_allclose(found, expected, atol=tolerance * scale, rtol=0)


@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (2, 9), (4, 4), (5, 3), (8, 13), (33, 47), (SEVERAL_STRIPS, SEVERAL_STRIPS + 1)]
)
def test_winograd_equals_convolution_at_every_size(height: int, width: int) -> None:
    x, kernel = normal(1, height, width, 3), normal(3, 3, 3, 5)
    assert_close(winograd(kernel)(tf.constant(x)), tf.nn.conv2d(x, kernel, 1, "SAME"))


@pytest.mark.parametrize("height", [16, 64])
def test_winograd_gives_the_same_bits_every_time(height: int) -> None:
    x, graph = tf.constant(normal(1, height, 43, 128)), tf.function(winograd(normal(3, 3, 128, 128)), autograph=False)
    first: Any = graph(x)
    assert all(np.array_equal(graph(x), first) for _ in range(100))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 9), (4, 4), (5, 3), (8, 13), (33, 46)])
@pytest.mark.parametrize("out", [1, 3, CHANNELS_OUT])
def test_few_channels_equals_convolution_at_every_size(height: int, width: int, out: int) -> None:
    x, kernel = normal(1, height, width, 6), normal(3, 3, 6, out)
    assert pays(kernel)
    assert_close(few_channels(kernel, "float32")(tf.constant(x)), tf.nn.conv2d(x, kernel, 1, "SAME"), tolerance=1e-6)


def test_few_channels_pays_for_few_output_channels() -> None:
    assert pays(normal(3, 3, 64, 3))
    assert not pays(normal(3, 3, 3, 64))


def test_winograd_in_a_graph_keeps_the_static_shape() -> None:
    graph: Any = tf.function(winograd(normal(3, 3, 3, 5)), autograph=False)
    assert graph.get_concrete_function(tf.TensorSpec([1, 9, 7, 3])).output_shapes == [1, 9, 7, 5]
    assert graph.get_concrete_function(tf.TensorSpec([1, None, 7, 3])).output_shapes.as_list() == [1, None, 7, 5]


@pytest.mark.parametrize("method", ["direct", "winograd"])
@pytest.mark.parametrize(
    "shapes",
    [
        [(3, 3, 3, 8)],
        [(3, 3, CHANNELS, CHANNELS)],
        [(3, 3, CHANNELS, CHANNELS + 32)],
        [(1, 1, 6, 4), (3, 3, 4, 5), (1, 1, 5, 9)],
        [(1, 1, CHANNELS, CHANNELS), (3, 3, CHANNELS, CHANNELS), (1, 1, CHANNELS, 3)],
    ],
)
def test_a_layer_and_its_gradient_equal_autodiff(method: str, shapes: list[tuple[int, ...]]) -> None:
    channels, out = shapes[0][2], shapes[-1][3]
    kernels, bias = [normal(*shape) for shape in shapes], tf.constant(normal(out))
    x, upstream = tf.constant(normal(1, 11, 14, channels)), tf.constant(normal(1, 11, 14, out))
    layer = Layer(kernels, bias.numpy(), precision="float32", method=method)

    def plain(x: Any) -> Any:
        for kernel in kernels:
            x = tf.nn.conv2d(x, kernel, 1, "SAME")
        return tf.nn.relu(tf.nn.bias_add(x, bias))

    assert_close(layer(x), plain(x))
    # rounding may flip signs near 0
    assert_close(gradient(layer, x, upstream), gradient(plain, x, upstream), tolerance=1e-3)


def test_gram_and_its_gradient_equal_autodiff() -> None:
    features, upstream = tf.constant(normal(1, 6, 7, 5)), tf.constant(normal(5, 5))

    def plain(features: Any) -> Any:
        F = tf.reshape(features, [-1, 5])
        return tf.matmul(F, F, transpose_a=True) / 42

    assert_close(gram(features), plain(features))
    assert_close(gradient(gram, features, upstream), gradient(plain, features, upstream))


def test_auto_is_winograd_on_a_cpu_in_float32() -> None:
    on_gpu = bool(tf.config.list_physical_devices("GPU"))
    assert resolve("auto", "float32") == ("direct" if on_gpu else "winograd")
    assert resolve("auto", "bfloat16") == resolve("direct", "bfloat16") == "direct"
    with pytest.raises(InputError, match="winograd needs precision=float32, not bfloat16"):
        resolve("winograd", "bfloat16")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"convolution": "winnograd"}, "did you mean 'winograd'"),
    ],
)
def test_an_unknown_convolution_is_refused_with_a_suggestion(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        VGG19Slim(**settings)
