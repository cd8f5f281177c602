"""Training and evaluation of the bundled network: losses against naive versions, and whole scripts at a small size."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import evaluate_slim
import train_slim
from bench.work import he_normal
from distill import crops, losses, networks, regression, slim, tables, visited, worth
from distill.backend import to_numpy
from nst import Features, Gram, Objective, Style
from nst.extractor.network import Network, Source
from nst.extractor.vgg19_slim import FILE, read_slim
from nst.image.io import read_image
from nst.layers import BLOCKS, LAYERS
from nst.loss.smooth.total_variation import TotalVariation
from nst.transfer.evaluate import evaluation
from tests.conftest import ROOT, blobs

STYLE_WEIGHT = 8.0
SMALL_FORMS = {
    layer: networks.Form(4 + 2 * int(layer[5]), *((3, 4) if layer in ("block3_conv2", "block5_conv1") else ()))
    for layer in LAYERS
}
"""Narrow layers, two of them of three convolutions."""


@pytest.fixture(scope="module")
def student() -> keras.Model:
    return networks.student(SMALL_FORMS, seed=3)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.concatenate([blobs(64, 64, seed) for seed in range(4)])


@pytest.fixture(scope="module")
def teacher_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """VGG19 with random weights, in the layout of Keras's download."""
    path = tmp_path_factory.mktemp("teacher") / "drawn.h5"
    with h5py.File(path, "w") as file:
        for layer, (kernel, bias) in he_normal().items():
            file[f"{layer}/{layer}_W_1:0"], file[f"{layer}/{layer}_b_1:0"] = kernel, bias
    return path


@pytest.fixture(scope="module")
def samples(teacher_file: Path, images: np.ndarray) -> regression.Samples:
    return regression.Samples(networks.teacher(teacher_file, "float32"), images, np.random.default_rng(0))


def numpy_features(features: dict) -> dict[str, np.ndarray]:
    return {layer: to_numpy(value) for layer, value in features.items()}


class TestLosses:
    def test_grams_of_mapped_features_follow_from_those_of_features(self, rng: np.random.Generator) -> None:
        F, kernel = rng.normal(size=(2, 6, 7, 3)).astype(np.float32), rng.normal(size=(3, 5)).astype(np.float32)
        np.testing.assert_allclose(
            losses.mapped(losses.grams(F), kernel), losses.grams(F @ kernel), rtol=1e-4, atol=1e-4
        )

    def test_unexplained_is_0_for_the_features_and_1_for_their_mean(self, rng: np.random.Generator) -> None:
        features = rng.normal(size=(2, 5, 5, 3)).astype(np.float32)
        mean = np.broadcast_to(features.mean((0, 1, 2)), features.shape)
        assert float(losses.unexplained(features, features)) == 0
        assert float(losses.unexplained(mean, features)) == pytest.approx(1, rel=1e-4)

    def test_a_missed_difference_is_a_share_of_each_pair(self, rng: np.random.Generator) -> None:
        wanted = rng.normal(size=(3, 4, 4)).astype(np.float32)
        energy = losses.squares(wanted)
        assert float(losses.difference(wanted, wanted, energy)) == 0
        assert float(losses.difference(0 * wanted, wanted, energy)) == pytest.approx(1, rel=2e-3)
        scale = np.array([1, 10, 100], np.float32)
        missed = losses.difference(
            0.5 * wanted * scale[:, None, None], wanted * scale[:, None, None], energy * scale**2
        )
        assert float(missed) == pytest.approx(0.25, rel=2e-3)

    def test_disagreement_compares_ratios(self) -> None:
        near, far = np.array([0.5, 0.25], np.float32), np.array([1, 0.5], np.float32)
        floor = losses.FLOOR
        expected = np.mean([np.log((1 + floor) / (0.5 + floor)) ** 2, np.log((0.5 + floor) / (0.25 + floor)) ** 2])
        assert float(losses.disagreement(near, far)) == pytest.approx(expected, rel=1e-4)
        assert float(losses.disagreement(far, far)) == 0

    def test_relative_distances_equal_those_of_a_loop(self, rng: np.random.Generator) -> None:
        a, b = rng.normal(size=(2, 3, 5, 5)).astype(np.float32)
        found = to_numpy(losses.relative(a - b, losses.squares(b)))
        for i in range(3):
            assert found[i] == pytest.approx(((a[i] - b[i]) ** 2).sum() / (b[i] ** 2).sum(), rel=1e-5)


class TestRegression:
    def test_a_linear_map_is_recovered(self, rng: np.random.Generator) -> None:
        found, kernel = rng.normal(size=(900, 4)), rng.normal(size=(4, 6))
        np.testing.assert_allclose(regression.regress(found, found @ kernel), kernel, atol=1e-3)

    def test_the_chosen_channels_span_the_others(self, rng: np.random.Generator) -> None:
        independent = rng.normal(size=(500, 3))
        features = np.concatenate([independent, independent @ rng.normal(size=(3, 7))], axis=1)
        chosen = regression.representative(features, 3)
        kernel = regression.regress(features[:, chosen], features)
        np.testing.assert_allclose(features[:, chosen] @ kernel, features, atol=0.05)
        assert len(set(regression.representative(features, 10))) == 10, "no channel is chosen twice"

    def test_negative_values_before_the_rectifier_are_free(self, rng: np.random.Generator) -> None:
        inputs, kernel = rng.normal(size=(2000, 5)), rng.normal(size=(5, 3))
        wanted = np.maximum(inputs @ kernel, 0)
        found = regression.rectified(inputs, wanted)
        linear = regression.regress(inputs, wanted)
        error, plain = (((np.maximum(inputs @ each, 0) - wanted) ** 2).mean() for each in (found, linear))
        assert error < 0.2 * plain

    def test_patches_times_a_kernel_are_the_convolution(
        self, samples: regression.Samples, images: np.ndarray, rng: np.random.Generator
    ) -> None:
        kernel = rng.normal(size=(3, 3, 3, 2)).astype(np.float32)
        bias = np.array([0.5, -1], np.float32)
        patches = samples.patches(images, LAYERS[0])
        found = patches @ np.concatenate([kernel.reshape(-1, 2), bias[None]])
        convolved = (tf.nn.conv2d(images, kernel, 1, "SAME") + bias).numpy().reshape(len(images), -1, 2)
        expected = [convolved[i][places] for i, places in enumerate(samples.places[LAYERS[0]])]
        np.testing.assert_allclose(found, np.concatenate(expected), atol=1e-4)

    def test_a_fitted_student_explains_more_than_a_random_one(
        self, samples: regression.Samples, teacher_file: Path, images: np.ndarray
    ) -> None:
        fitted, drawn = networks.student(SMALL_FORMS), networks.student(SMALL_FORMS)
        maps = regression.fit(fitted, samples)
        wanted = numpy_features(networks.features(networks.teacher(teacher_file, "float32"), images))
        for layer in LAYERS:
            goal = wanted[layer] / samples.scales[layer]
            found, other = (to_numpy(network(images)[layer]) for network in (fitted, drawn))
            best = regression.regress(_rows(other), _rows(goal))
            missed, random = (losses.unexplained(x, goal) for x in (found @ maps[layer], other @ best))
            assert float(missed) < float(random), layer

    def test_the_maps_of_a_trained_student_are_those_of_its_fit(
        self, samples: regression.Samples, images: np.ndarray
    ) -> None:
        student = networks.student(SMALL_FORMS)
        fitted = regression.fit(student, samples)
        for layer, found in regression.maps(student, samples).items():
            seen = _rows(to_numpy(student(images)[layer]))
            expected = seen @ fitted[layer]
            assert np.abs(seen @ found - expected).max() < 0.01 * np.abs(expected).max(), layer


def _rows(features: np.ndarray) -> np.ndarray:
    return features.reshape(-1, features.shape[-1])


class TestNetworks:
    def test_a_written_student_equals_the_network_of_the_runner(
        self, student: keras.Model, images: np.ndarray, tmp_path: Path
    ) -> None:
        slim.write(tmp_path / "slim.npz", networks.weights_of(student), {})
        written, trained = read_slim(tmp_path / "slim.npz", "test"), numpy_features(student(images[:1]))
        for layer, features in written(tf.constant(images[:1]), LAYERS).items():
            np.testing.assert_allclose(features, trained[layer], rtol=0.02, atol=0.02 * trained[layer].max())

    def test_normalization_only_scales_every_layer_to_a_mean_of_1(
        self, student: keras.Model, images: np.ndarray
    ) -> None:
        before = numpy_features(student(images))
        scaled = networks.student(SMALL_FORMS)
        networks.load(scaled, slim.normalized(student, images))
        for layer, features in numpy_features(scaled(images)).items():
            assert features.mean() == pytest.approx(1, rel=1e-3)
            np.testing.assert_allclose(features, before[layer] / before[layer].mean(), rtol=1e-3, atol=1e-3)

    def test_the_teacher_has_the_features_of_the_runner(self, teacher_file: Path, images: np.ndarray) -> None:
        from nst import VGG19
        from nst.runtime.precision import Precision

        runner = VGG19(str(teacher_file), pooling="max").load(precision=Precision.float32)
        rounded, exact = (networks.features(networks.teacher(teacher_file, *d), images[:1]) for d in ((), ("float32",)))
        for layer, features in numpy_features(exact).items():
            np.testing.assert_allclose(features, runner(tf.constant(images[:1]), [layer])[layer], rtol=1e-3, atol=0.05)
            assert np.abs(to_numpy(rounded[layer]) - features).mean() < 0.03 * features.mean(), "bfloat16 rounds"


class TestCrops:
    def test_a_batch_depends_only_on_its_seed(self) -> None:
        pictures = [(blobs(90, 120, seed)[0] * 255).astype(np.uint8) for seed in range(3)]
        data = crops.Crops(pictures, np.array([1.0, 0.0, 3.0]))
        first, second = (data.batch(6, 48, np.random.default_rng((0, 5))) for _ in range(2))
        np.testing.assert_array_equal(first, second)
        assert first.shape == (6, 48, 48, 3)
        assert first.dtype == np.float32
        assert 0 <= first.min() <= first.max() <= 1

    def test_pictures_are_drawn_in_proportion_to_their_odds(self) -> None:
        pictures = [np.full((40, 40, 3), shade, np.uint8) for shade in (0, 100, 200)]
        data = crops.Crops(pictures, np.array([1.0, 0.0, 3.0]), noisy=0)
        shades = np.rint(data.batch(200, 32, np.random.default_rng(0))[:, 0, 0, 0] * 255)
        assert set(shades) == {0, 200}
        assert 0.6 < (shades == 200).mean() < 0.9

    def test_held_out_files_are_not_used_for_training(self) -> None:
        files = [Path(f"{i}.jpg") for i in range(20)]
        held_out, used = crops.split(files, 5, 0)
        assert len(held_out) == 5
        assert sorted(held_out + used) == sorted(files)
        assert crops.split(files, 5, 0) == (held_out, used)


def test_a_network_compared_with_itself_has_perfect_scores(student: keras.Model) -> None:
    def features_of(picture: np.ndarray) -> dict[str, np.ndarray]:
        return numpy_features(student(picture))

    pictures = [blobs(64, 64, seed) for seed in range(6)]
    assert max(worth.unexplained(features_of, features_of, pictures[:3], pictures[3:]).values()) < 0.05
    distances = worth.Distances.seen(features_of, pictures)
    assert worth.correlations(distances, distances) == pytest.approx({"style": 1.0, "content": 1.0})


def test_the_tables_have_every_figure_and_the_means_of_pairs() -> None:
    figures = {
        "a/one": {"block1_conv1": 0.5},
        "a/two": {"block1_conv1": 0.25},
        "b/one": {"style": 0.9},
        "c/x/one": [0.1, 1.0],
        "c/y/one": [0.3, 2.0],
    }
    lines = tables.markdown(figures).splitlines()
    assert "| layer | one | two |" in lines
    assert "| block1_conv1 | 0.500 | 0.250 |" in lines
    assert "| style | 0.900 |" in lines
    assert "| y | 0.300 / 2.000 |" in lines
    assert "| mean | 0.200 / 1.500 |" in lines


class TestVisited:
    def test_painting_lowers_the_loss_and_leaves_the_student_unchanged(
        self, student: keras.Model, data: crops.Crops
    ) -> None:
        before = [np.array(value) for value in student.get_weights()]
        (pool,) = visited.pools(student, [32], 4096)
        pool.paint(0, data, np.random.default_rng(0))
        targets = pool.easel.targets(*(np.repeat(images, 2, axis=0) for images in (pool.styles, pool.contents)))
        losses_ = []
        for _ in range(2):
            losses_.append(float(pool.easel.test_on_batch(targets)))
            pool.paint(8, data, np.random.default_rng(1))
        assert losses_[1] < losses_[0]
        for value, expected in zip(student.get_weights(), before, strict=True):
            np.testing.assert_array_equal(value, expected)

    def test_a_round_depends_only_on_the_pool_and_the_seed(self, student: keras.Model, data: crops.Crops) -> None:
        (first,), (second,) = visited.pools(student, [32], 4096), visited.pools(student, [32], 4096)
        first.paint(3, data, np.random.default_rng(0))
        second.restore({key: value.copy() for key, value in first.state().items()})
        for pool in (first, second):
            pool.paint(3, data, np.random.default_rng(1))
        np.testing.assert_allclose(first.pictures, second.pictures, atol=1e-6)

    def test_a_finished_task_goes_on_at_the_next_size(self, student: keras.Model, data: crops.Crops) -> None:
        small, large = visited.pools(student, [32, 64], 4096)
        small.paint(1, data, np.random.default_rng(0))
        small.rounds[0], small.rounds[1:] = 0, 3
        task = small.pictures[0].copy()
        styles = small.styles.copy()
        small.paint(0, data, np.random.default_rng(1))
        np.testing.assert_array_equal(small.styles[1:], styles[1:])
        assert np.abs(small.styles[0] - styles[0]).max() > 0, "a new task takes its place"
        large.paint(0, data, np.random.default_rng(2))
        np.testing.assert_allclose(large.pictures[0], crops.resized(task, 64), atol=1e-6)
        assert not small.finished

    def test_half_a_batch_is_on_its_way_and_each_picture_keeps_its_style_and_content(
        self, student: keras.Model
    ) -> None:
        (pool,) = visited.pools(student, [32], 3 * 4096)
        number = np.arange(len(pool.styles), dtype=np.float32)
        pool.styles += number[:, None, None, None]
        pool.contents -= number[:, None, None, None]
        pool.pictures += 100 + number[:, None, None, None, None]
        batch = pool.batch(np.random.default_rng(0))
        value = batch["images"][:, 0, 0, 0]
        assert (value >= 100).sum() == len(value) / 2
        for what, sign in (("styles", 1), ("contents", -1)):
            np.testing.assert_array_equal(value[batch[what][:, 0]] - 100, sign * value[batch[what][:, 1]])

    def test_the_objective_is_the_default_of_the_runner(self, student: keras.Model, images: np.ndarray) -> None:
        """The same picture has the same loss here and in the runner, on the same network."""
        network = Network(networks.weights_of(student), networks.normalize, source=Source("test", "test", ""))
        content, style, picture = images[:1], images[1:2], images[2:3]
        objective = Objective(Features(), Gram(weight=STYLE_WEIGHT), TotalVariation(weight=visited.SMOOTHNESS))
        expected = float(evaluation(network, objective, [Style(style, scale=1.0)])(content)(tf.constant(picture)).total)
        easel = visited.Easel(student, np.array([STYLE_WEIGHT], np.float32), content.shape[1])
        easel.begin(picture)
        assert float(easel.test_on_batch(easel.targets(style, content))) == pytest.approx(expected, rel=1e-3)


@pytest.fixture(scope="module")
def data() -> crops.Crops:
    return crops.Crops([(blobs(64, 64, seed)[0] * 255).astype(np.uint8) for seed in range(4)], np.ones(4))


@pytest.fixture(scope="module")
def command(teacher_file: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The training command at a small size, on pictures of blobs, with a teacher of random weights."""
    folder = tmp_path_factory.mktemp("training")
    for seed in range(8):
        Image.fromarray((blobs(64, 80, seed)[0] * 255).astype(np.uint8)).save(folder / f"{seed}.png")
    small = "--sizes 32 64 --pixels 4096 --regressed 8 --held-out 4 --painting 2 --every 3"
    return [
        sys.executable,
        str(ROOT / "scripts/train_slim.py"),
        str(folder),
        "--teacher",
        str(teacher_file),
        *small.split(),
    ]


class TestTraining:
    """The command, run as a process."""

    FULL_TRAINING = ("--steps", "12", "--rate", "0.01")

    def run(self, out: Path, command: list[str], *more: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [*command, "--out", str(out), *more]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    @pytest.mark.slow
    def test_a_stopped_and_resumed_training_ends_with_the_same_weights(
        self, command: list[str], tmp_path: Path
    ) -> None:
        uninterrupted = self.run(tmp_path / "whole", command, *self.FULL_TRAINING)
        assert uninterrupted.returncode == 0, uninterrupted.stderr
        card = json.loads((tmp_path / "whole/vgg19_slim.json").read_text())
        assert [point["step"] for point in card["curve"]] == [0, 3, 6, 9, 12]
        assert card["task"]["teacher"]["file"] == "drawn.h5"
        assert list((tmp_path / "whole").glob("events*")), "curves for TensorBoard"

        stopped = self.run(tmp_path / "parts", command, *self.FULL_TRAINING, "--stop-after", "2")
        assert stopped.returncode == 0, stopped.stderr
        assert not (tmp_path / "parts/vgg19_slim.npz").exists()
        start = self.weights(tmp_path / "parts")
        resumed = self.run(tmp_path / "parts", command, *self.FULL_TRAINING)
        assert resumed.returncode == 0, resumed.stderr
        expected, found = self.weights(tmp_path / "whole"), self.weights(tmp_path / "parts")
        assert len(expected) > 100, "student, maps, and the optimizer's moments"
        difference, change = (
            sum(float(np.abs(a - b).sum()) for a, b in zip(expected, x, strict=True)) for x in (found, start)
        )
        assert difference < 0.02 * change

        repeated = self.run(tmp_path / "parts", command, *self.FULL_TRAINING)
        assert repeated.returncode == 0, repeated.stderr
        assert len(json.loads((tmp_path / "parts/vgg19_slim.json").read_text())["curve"]) == 5
        goes_on = self.run(tmp_path / "on", command, "--steps", "3", "--begin", str(tmp_path / "whole/vgg19_slim.npz"))
        assert goes_on.returncode == 0, goes_on.stderr
        first = json.loads((tmp_path / "on/vgg19_slim.json").read_text())["curve"][0]
        assert abs(first["spearman/content"] - card["curve"][-1]["spearman/content"]) < 0.02
        other_task = self.run(tmp_path / "parts", command, *self.FULL_TRAINING, "--seed", "4")
        assert other_task.returncode == 2
        assert "holds a training with different seed; choose another --out" in other_task.stderr

    def weights(self, folder: Path) -> list[np.ndarray]:
        """All arrays of the checkpoint."""
        (file,) = folder.glob("step*.weights.h5")
        found: list[np.ndarray] = []
        with h5py.File(file) as stored:
            stored.visititems(lambda _, node: found.append(np.array(node)) if isinstance(node, h5py.Dataset) else None)
        return [array.astype(float) for array in found]

    def test_bad_input_is_refused_in_one_line(
        self, command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "broken.jpg").write_bytes(b"no picture")
        folders, out = [command[2]], ["--out", str(tmp_path / "out")]
        for arguments, message in (
            ([*command[2:], "--held-out", "8"], "8 pictures are too few to hold out 8: give more, or hold out fewer"),
            ([str(tmp_path / "nowhere"), *command[3:]], f"there is no {tmp_path / 'nowhere'}"),
            ([*folders, str(tmp_path / "broken.jpg"), *command[3:]], f"{tmp_path / 'broken.jpg'} is not a readable"),
            ([*folders, "--teacher", "none.h5"], "there is no file none.h5"),
            ([*command[2:], "--begin", "none.npz"], "there is no file none.npz"),
            ([*command[2:], "--every", "0"], "--every must be at least 1, not 0"),
            ([*command[2:], "--sizes", "16"], "--sizes must be at least 32, not 16"),
            ([*command[2:], "--rate", "0"], "--rate must be above 0, not 0"),
            ([*command[2:], "--without", "*.png"], "no picture (.jpeg, .jpg, .png) in"),
        ):
            assert train_slim.main([*arguments, *out]) == 2
            (line,) = capsys.readouterr().err.splitlines()
            assert line.startswith(message), line


@pytest.mark.slow
def test_the_evaluation_covers_each_network_and_repeats_no_measurement(
    command: list[str], teacher_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("tubingen", "starry_night_google"):
        Image.fromarray((blobs(64, 80, len(name))[0] * 255).astype(np.uint8)).save(tmp_path / f"{name}.jpg")
    arguments = f"""{command[2]} --vgg19 {teacher_file} --cases {tmp_path} --held-out 4 --size 64 --pairs 1
        --network other={FILE} --out {tmp_path / "worth.json"}""".split()
    assert evaluate_slim.main(arguments) == 0
    figures = {key: entry["is"] for key, entry in json.loads((tmp_path / "worth.json").read_text()).items()}
    assert set(figures["a/bundled"]) == set(LAYERS)
    assert all(share >= 0 for share in figures["a/bundled"].values())
    assert all(-1 <= rank <= 1 for rank in figures["b/bundled"].values())
    assert figures["a/other"] == figures["a/bundled"]
    pair = "c/tubingen x starry_night_google"
    assert figures[f"{pair}/other"] == figures[f"{pair}/bundled"] != figures[f"{pair}/vgg19"]
    first = capsys.readouterr().out
    assert evaluate_slim.main(arguments) == 0
    second = capsys.readouterr().out
    assert first.endswith(second), "only the tables, without measurements"
    assert evaluate_slim.main([*arguments, "--size", "80"]) == 0
    measured = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("a/", "b/", "c/"))]
    assert measured
    assert all(line.startswith("c/") for line in measured), "figures that do not depend on it are kept"


def test_every_layer_of_the_bundled_network_is_active_and_scaled() -> None:
    """On a few pictures; on the held-out pictures of its training, all channels are alive."""
    from skimage import data

    from nst.extractor.vgg19_slim import FILE

    bundled = read_slim(FILE, "test")
    assert len(bundled.layers) == sum(BLOCKS)
    photographs = [crops.centre(picture, 208)[None] for picture in (data.astronaut(), data.chelsea(), data.coffee())]
    paintings = [read_image(path, 384) for path in sorted((FILE.parent / "pictures").glob("*.jpg"))]
    all_features = [bundled(tf.constant(picture), LAYERS) for picture in (*photographs, *paintings)]
    for layer in LAYERS:
        highest = np.max([features[layer].numpy().max((0, 1, 2)) for features in all_features], axis=0)
        assert (highest > 0).mean() > 0.95, f"{layer} has silent channels"
        assert 0.3 < np.mean([features[layer].numpy().mean() for features in all_features]) < 3


def test_the_card_of_the_bundled_network_matches_its_file() -> None:
    from nst.extractor.vgg19_slim import FILE

    card = json.loads(FILE.with_suffix(".json").read_text())
    assert card["sha256"] == hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert FILE.stat().st_size < 8e6
