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
from distill import crops, losses, networks, scores, slim, tables, visited, worth
from distill.backend import to_numpy
from distill.distillation import regress
from nst.extractor.vgg19_slim import FILE, read_slim
from nst.image.io import read_image
from nst.layers import BLOCKS, LAYERS
from tests.conftest import ROOT, blobs

SMALL_WIDTHS = {layer: 4 + 2 * int(layer[5]) for layer in LAYERS}
NARROW_LAYERS = LAYERS[:13]


@pytest.fixture(scope="module")
def student() -> keras.Model:
    return networks.student(SMALL_WIDTHS, seed=3)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.concatenate([blobs(64, 64, seed) for seed in range(4)])


@pytest.fixture(scope="module")
def narrow_teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher with random weights, in the layout of the narrow VGG19."""
    random, inputs = np.random.default_rng(0), 3
    arrays = {"preprocess/kernel": np.eye(3, dtype=np.float32)[None, None], "preprocess/bias": np.zeros(3, np.float32)}
    for layer in NARROW_LAYERS:
        outputs = SMALL_WIDTHS[layer]
        kernel = random.normal(0, np.sqrt(2 / (9 * inputs)), (3, 3, inputs, outputs))
        arrays |= {f"{layer}/kernel": kernel.astype(np.float32), f"{layer}/bias": np.full(outputs, 0.1, np.float32)}
        inputs = outputs
    path = tmp_path_factory.mktemp("teacher") / "narrow.npz"
    np.savez(path, **arrays)
    return path


def numpy_features(features: dict) -> dict[str, np.ndarray]:
    return {layer: to_numpy(value) for layer, value in features.items()}


class TestLosses:
    def test_distances_equal_those_of_two_nested_loops(self, rng: np.random.Generator) -> None:
        G = rng.normal(size=(4, 5, 5)).astype(np.float32)
        found = to_numpy(losses.distances(G))
        for i in range(4):
            for j in range(4):
                energy = ((G[i] ** 2).sum() + (G[j] ** 2).sum()) / 2
                np.testing.assert_allclose(found[i, j], ((G[i] - G[j]) ** 2).sum() / energy, atol=1e-5)

    def test_grams_of_mapped_features_follow_from_those_of_features(self, rng: np.random.Generator) -> None:
        F, kernel, bias = (rng.normal(size=shape).astype(np.float32) for shape in ((2, 6, 7, 3), (3, 5), (5,)))
        mapped = losses.mapped_grams(losses.grams(F), F.mean((1, 2)), kernel, bias)
        np.testing.assert_allclose(mapped, losses.grams(F @ kernel + bias), rtol=1e-4, atol=1e-4)

    def test_unexplained_is_0_for_the_features_and_1_for_their_mean(self, rng: np.random.Generator) -> None:
        features = rng.normal(size=(2, 5, 5, 3)).astype(np.float32)
        mean = np.broadcast_to(features.mean((0, 1, 2)), features.shape)
        assert float(losses.unexplained(features, features)) == 0
        assert float(losses.unexplained(mean, features)) == pytest.approx(1, rel=1e-4)

    def test_disagreement_compares_ratios_and_counts_each_pair_once(self) -> None:
        near, far = np.array([[0, 0.5], [0.5, 0]], np.float32), np.array([[0, 1], [1, 0]], np.float32)
        expected = np.log((1 + losses.FLOOR) / (0.5 + losses.FLOOR)) ** 2
        assert float(losses.disagreement(near, far)) == pytest.approx(expected, rel=1e-4)
        assert float(losses.disagreement(far, far)) == 0

    def test_regression_recovers_a_linear_map(self, rng: np.random.Generator) -> None:
        F, kernel, bias = rng.normal(size=(1, 30, 30, 4)), rng.normal(size=(4, 6)), rng.normal(size=6)
        found_kernel, found_bias = regress(F, F @ kernel + bias, ridge=1e-9)
        np.testing.assert_allclose(found_kernel, kernel, atol=1e-4)
        np.testing.assert_allclose(found_bias, bias, atol=1e-4)


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
        scaled = networks.student(SMALL_WIDTHS)
        networks.load(scaled, slim.normalized(student, images))
        for layer, features in numpy_features(scaled(images)).items():
            assert features.mean() == pytest.approx(1, rel=1e-3)
            np.testing.assert_allclose(features, before[layer] / before[layer].mean(), rtol=1e-3, atol=1e-3)

    def test_a_wider_network_starts_with_the_features_of_the_narrow_one(
        self, student: keras.Model, images: np.ndarray
    ) -> None:
        wide = networks.student({layer: width + 3 for layer, width in SMALL_WIDTHS.items()})
        networks.load(wide, networks.weights_of(student))
        wide_features, narrow_features = numpy_features(wide(images)), numpy_features(student(images))
        for layer in LAYERS:
            np.testing.assert_allclose(
                wide_features[layer][..., : SMALL_WIDTHS[layer]], narrow_features[layer], atol=1e-4
            )
            assert np.ptp(wide_features[layer][..., SMALL_WIDTHS[layer] :]) > 0, (
                "the extra channels are random, not zero"
            )

    def test_a_dead_channel_is_revived_and_nothing_else_changes(self, images: np.ndarray) -> None:
        student = networks.student(SMALL_WIDTHS, seed=3)
        layer, next_layer = student.get_layer("block2_conv1"), "block2_conv2"
        kernel, bias = (np.array(value) for value in layer.get_weights())
        bias[2] = -1e3
        layer.set_weights([kernel, bias])
        before = numpy_features(student(images))[next_layer]
        assert slim.dead(student, images)["block2_conv1"][2]
        slim.revive(student, images, np.random.default_rng(0))
        assert not slim.dead(student, images)["block2_conv1"].any()
        np.testing.assert_allclose(numpy_features(student(images))[next_layer], before, atol=1e-5)

    def test_pruning_dead_channels_keeps_all_other_features(self, images: np.ndarray) -> None:
        student = networks.student(SMALL_WIDTHS, seed=3)
        for name, channel in (("block2_conv1", 2), ("block5_conv4", 0)):
            kernel, bias = (np.array(value) for value in student.get_layer(name).get_weights())
            bias[channel] = -1e3
            student.get_layer(name).set_weights([kernel, bias])
        dead = slim.dead(student, images)
        living = slim.pruned(networks.weights_of(student), dead)
        pruned = networks.student({layer: len(bias) for layer, (_, bias) in living.items()})
        networks.load(pruned, living)
        before, after = numpy_features(student(images)), numpy_features(pruned(images))
        assert after["block2_conv1"].shape[-1] < before["block2_conv1"].shape[-1]
        for layer in LAYERS:
            np.testing.assert_allclose(after[layer], before[layer][..., ~dead[layer]], atol=1e-5)

    def test_the_narrow_teacher_pads_by_reflection(self, narrow_teacher: Path, images: np.ndarray) -> None:
        model = networks.teacher(narrow_teacher)
        with np.load(narrow_teacher) as file:
            kernel, bias = file["block1_conv1/kernel"], file["block1_conv1/bias"]
        padded = np.pad(images[:1], ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded[0], (3, 3), axis=(0, 1))  # [H,W,c,3,3]
        expected = np.maximum(np.einsum("hwcyx,yxco->hwo", windows, kernel) + bias, 0)
        np.testing.assert_allclose(model(images[:1])["block1_conv1"][0], expected, atol=1e-4)
        assert not model.trainable_variables

    def test_every_layer_has_a_target_and_the_first_teacher_is_preferred(
        self, narrow_teacher: Path, images: np.ndarray
    ) -> None:
        first, second = networks.teacher(narrow_teacher), networks.student(SMALL_WIDTHS, seed=9)
        found = networks.targets([first, second], images)
        assert set(found) == set(LAYERS)
        np.testing.assert_array_equal(found["block3_conv1"], first(images)["block3_conv1"])
        np.testing.assert_array_equal(found["block5_conv4"], second(images)["block5_conv4"])
        only_first = networks.targets([first], images)
        assert only_first["block5_conv4"].shape == only_first["block5_conv1"].shape

    @pytest.mark.skipif("NST_VGG19_WEIGHTS" not in os.environ, reason="no real VGG19 weights at hand")
    def test_the_real_teacher_has_the_features_of_the_runner(self, images: np.ndarray) -> None:
        from nst import VGG19
        from nst.runtime.precision import Precision

        file = Path(os.environ["NST_VGG19_WEIGHTS"])
        runner = VGG19(str(file), pooling="max").load(precision=Precision.float32)
        for layer, features in numpy_features(networks.teacher(file)(images[:1])).items():
            np.testing.assert_allclose(features, runner(tf.constant(images[:1]), [layer])[layer], rtol=1e-3, atol=0.05)


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
    assert worth.correlations(distances, distances, distances) == pytest.approx(
        dict.fromkeys(("style blocks 1-3", "style blocks 4-5", "content block3_conv3", "content block4_conv2"), 1.0)
    )


def test_the_tables_have_every_figure_and_the_means_of_pairs() -> None:
    figures = {
        "a/one": {"block1_conv1": 0.5},
        "a/two": {"block1_conv1": 0.25},
        "b/one": {"style": 0.9},
        "c/one/x": [0.1, 1.0],
        "c/one/y": [0.3, 2.0],
    }
    lines = tables.markdown(figures).splitlines()
    assert "| layer | one | two |" in lines
    assert "| block1_conv1 | 0.500 | 0.250 |" in lines
    assert "| style | 0.900 |" in lines
    assert "| one | 0.2000 | 1.5000 |" in lines
    assert "(c) Distances of optimized pictures, mean of 2 pairs" in lines


class TestVisited:
    def test_painting_lowers_the_loss_and_leaves_the_student_unchanged(self, student: keras.Model) -> None:
        data = crops.Crops([(blobs(64, 64, seed)[0] * 255).astype(np.uint8) for seed in range(4)], np.ones(4))
        before = [np.array(value) for value in student.get_weights()]
        pool = visited.Visited(student, 2, 32)
        pool.paint(0, data, np.random.default_rng(0))
        targets, losses_ = pool.easel.targets(pool.styles, pool.contents), []
        for _ in range(2):
            losses_.append(float(pool.easel.test_on_batch(targets)))
            pool.rounds[:] = 1
            pool.paint(8, data, np.random.default_rng(1))
        assert losses_[1] < losses_[0]
        for value, expected in zip(student.get_weights(), before, strict=True):
            np.testing.assert_array_equal(value, expected)

    def test_a_round_depends_only_on_the_pool_and_the_seed(self, student: keras.Model) -> None:
        data = crops.Crops([(blobs(64, 64, seed)[0] * 255).astype(np.uint8) for seed in range(4)], np.ones(4))
        first, second = visited.Visited(student, 2, 32), visited.Visited(student, 2, 32)
        first.paint(3, data, np.random.default_rng(0))
        second.restore({key: value.copy() for key, value in first.state().items()})
        for pool in (first, second):
            pool.paint(3, data, np.random.default_rng(1))
        np.testing.assert_allclose(first.pictures, second.pictures, atol=1e-6)

    def test_unfinished_pictures_continue_and_finished_ones_are_replaced(self, student: keras.Model) -> None:
        data = crops.Crops([(blobs(64, 64, seed)[0] * 255).astype(np.uint8) for seed in range(4)], np.ones(4))
        pool = visited.Visited(student, 2, 32)
        pool.paint(0, data, np.random.default_rng(0))
        pool.rounds[:] = (3, 0)
        styles = pool.styles.copy()
        pool.paint(0, data, np.random.default_rng(1))
        np.testing.assert_array_equal(pool.styles[0], styles[0])
        assert np.abs(pool.styles[1] - styles[1]).max() > 0
        assert pool.rounds[0] == 2

    def test_drawn_pictures_keep_their_styles(self, student: keras.Model) -> None:
        pool = visited.Visited(student, 3, 32)
        pool.pictures += np.arange(3)[:, None, None, None]
        pool.styles += np.arange(3)[:, None, None, None]
        drawn = pool.pairs(2, np.random.default_rng(0))
        np.testing.assert_array_equal(drawn[:2], drawn[2:])


@pytest.fixture(scope="module")
def command(narrow_teacher: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The training command at a small size, on pictures of blobs, with a teacher of random weights."""
    folder = tmp_path_factory.mktemp("training")
    for seed in range(8):
        Image.fromarray((blobs(64, 80, seed)[0] * 255).astype(np.uint8)).save(folder / f"{seed}.png")
    small = "--batch 4 --crop 32 --late-crop 48 --late-batch 2 --held-out 4 --visited 2 --painting 2 --every 3"
    return [
        sys.executable,
        str(ROOT / "scripts/train_slim.py"),
        str(folder),
        "--teacher",
        str(narrow_teacher),
        *small.split(),
    ]


class TestTraining:
    """The command, run as a process."""

    FULL_TRAINING = ("--steps", "12", "--rate", "0.1", "--late", "0.4")

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
        assert card["task"]["teachers"][0]["file"] == "narrow.npz"
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
            ([*command[2:], "--every", "0"], "--every must be at least 1, not 0"),
            ([*command[2:], "--late-batch", "1"], "--late-batch must be at least 2, not 1"),
            ([*command[2:], "--rate", "0"], "--rate must be above 0, not 0"),
            ([*command[2:], "--start", command[4]], f"{command[4]} is not a slim network, or expects another input"),
        ):
            assert train_slim.main([*arguments, *out]) == 2
            (line,) = capsys.readouterr().err.splitlines()
            assert line.startswith(message), line


def test_a_stack_of_one_network_paints_like_the_network() -> None:
    network = read_slim(FILE, "test")
    content, style = blobs(40, 48, 1), blobs(44, 40, 2)
    alone, stacked = (scores.paint(painter, content, style, 3) for painter in (network, scores.Stack([network])))
    np.testing.assert_allclose(stacked, alone, atol=1e-5)
    assert np.abs(stacked - content).max() > 0.01


@pytest.mark.skipif("NST_VGG19_WEIGHTS" not in os.environ, reason="no real VGG19 weights at hand")
@pytest.mark.slow
def test_the_evaluation_covers_each_network_and_repeats_no_measurement(
    command: list[str], narrow_teacher: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = f"""{command[2]} --shallow {os.environ["NST_VGG19_WEIGHTS"]} --deep {narrow_teacher} --held-out 4
        --size 48 --evaluations 3 --photographs {pictures / "content.png"} --paintings {pictures / "style.png"}
        --out {tmp_path / "worth.json"}""".split()
    assert evaluate_slim.main(arguments) == 0
    stored = json.loads((tmp_path / "worth.json").read_text())
    figures = {key: entry["is"] for key, entry in stored.items()}
    assert set(figures["a/bundled"]) == set(NARROW_LAYERS)
    for network in ("bundled", "random", "narrow teacher"):
        assert all(share >= 0 for share in figures[f"a/{network}"].values())
        assert all(-1 <= rank <= 1 for rank in figures[f"b/{network}"].values())
    untouched, _ = figures["c/untouched photograph/content x style"]
    assert figures["c/bundled/content x style"][0] < untouched
    assert figures["c/untouched photograph/content x style"][1] == pytest.approx(0, abs=1e-3)
    first = capsys.readouterr().out
    assert evaluate_slim.main(arguments) == 0
    second = capsys.readouterr().out
    assert first.endswith(second), "only the tables, without measurements"
    assert evaluate_slim.main([*arguments, "--evaluations", "4"]) == 0
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
    assert FILE.stat().st_size < 6e6
