"""The metrics, against NumPy, and on pictures with known values."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from nst import Style, VGG19Slim, measure_picture, metrics
from nst.extractor.network import Network
from nst.image.io import from_uint8, to_uint8
from nst.layers import LAYERS
from nst.metrics import STYLE_LAYERS, ssim
from nst.runner.pictures import Pictures
from nst.runtime.precision import Precision
from nst.state import Metric
from tests.conftest import blobs
from tests.test_config import load

CONTENT, STYLE = blobs(64, 80, 1), blobs(60, 80, 2)


def test_the_content_has_zero_content_distance(network: Network) -> None:
    found = measure_picture(network, CONTENT, from_uint8(to_uint8(CONTENT)), [Style(STYLE)])
    assert found["content_distance"] == 0
    assert found["ssim"] == pytest.approx(1)
    assert found["style_distance"] > 0.01


def test_the_style_has_zero_style_distance(network: Network) -> None:
    style = from_uint8(to_uint8(STYLE))
    assert measure_picture(network, style, CONTENT[:, :60], [Style(style)])["style_distance"] == pytest.approx(
        0, abs=1e-9
    )


def test_distances_equal_numpy(network: Network) -> None:
    picture = from_uint8(to_uint8(blobs(64, 80, 3)))
    found = measure_picture(network, picture, CONTENT, [Style(STYLE)])
    x, p, a = (network(tf.constant(image), LAYERS) for image in (picture, CONTENT, STYLE))

    def gram(features: np.ndarray) -> np.ndarray:
        flat = np.asarray(features, np.float64).reshape(-1, features.shape[-1])
        return flat.T @ flat / len(flat)

    grams = [(gram(x[layer]), gram(a[layer])) for layer in STYLE_LAYERS]
    expected = np.mean([((G - A) ** 2).mean() / (A**2).mean() for G, A in grams])
    assert found["style_distance"] == pytest.approx(expected, rel=1e-4)
    F, P = np.asarray(x["block4_conv2"], np.float64), np.asarray(p["block4_conv2"], np.float64)
    assert found["content_distance"] == pytest.approx(((F - P) ** 2).mean() / (P**2).mean(), rel=1e-4)


def test_pooling_precision_and_style_scale_have_no_effect(network: Network) -> None:
    other = VGG19Slim(pooling="avg").load(precision=Precision.bfloat16)
    first, second = (
        measure_picture(n, blobs(64, 80, 3), CONTENT, [Style(STYLE, scale=s)]) for n, s in ((network, 1), (other, 2))
    )
    assert first == second


def test_a_runs_style_scale_has_almost_no_effect(network: Network, pictures: Path) -> None:
    found = []
    for scale in (0.4, 1.0, 1.8):
        config = load(
            f"content.image={pictures}/content.png", f"style.image={pictures}/style.png", f"style.scale={scale}"
        )
        config.size = 96
        read = Pictures(config)
        found.append(measure_picture(network, read.content, read.content, read.styles)["style_distance"])
    assert found == pytest.approx([found[0]] * 3, rel=0.02)


def test_a_truncated_network_is_measured_at_the_layers_it_has(network: Network) -> None:
    def truncated(layer: str) -> Network:
        weights = {name: network.weights[name] for name in LAYERS[: LAYERS.index(layer) + 1]}
        return Network(weights, network.preprocess, source=network.source)

    found = measure_picture(truncated("block3_conv4"), CONTENT, CONTENT, [Style(STYLE)])
    assert (found["style_layers"], found["content_layer"]) == (list(STYLE_LAYERS[:3]), "block3_conv3")
    found = measure_picture(truncated("block1_conv2"), CONTENT, CONTENT, [Style(STYLE)])
    assert (found["style_layers"], found["content_layer"], found["content_distance"]) == (["block1_conv1"], None, None)


def test_ssim_falls_with_noise(rng: np.random.Generator) -> None:
    noise = rng.normal(size=CONTENT.shape)
    values = [ssim((CONTENT + deviation * noise).clip(0, 1), CONTENT) for deviation in (0, 0.02, 0.1, 0.5)]
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(1)


@pytest.mark.parametrize("side", [48, 64])
@pytest.mark.parametrize("masked", [False, True])
def test_a_large_picture_measured_by_tiles_has_the_values_of_the_whole(
    network: Network, side: int, masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, content, style, other = (blobs(150, 131, seed) for seed in (1, 2, 3, 4))
    left = np.linspace(1, 0, 131, dtype=np.float32)[None, None, :, None].repeat(150, 1)
    styles = [Style(style, left), Style(other, 1 - left)] if masked else [Style(style), Style(other)]
    expected = measure_picture(network, picture, content, styles)
    monkeypatch.setattr(metrics, "SIDE", side)
    metrics._cached.clear()
    found = measure_picture(network, picture, content, styles)
    for metric in Metric:
        assert found[metric.value] == pytest.approx(expected[metric.value], rel=1e-5), metric
