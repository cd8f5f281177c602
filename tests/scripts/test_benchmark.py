"""The benchmark: operation counts, tables, workers and racers."""

from pathlib import Path

import pytest

import benchmark
from bench import work
from bench.ours import FLOAT32_EVERY
from bench.race import Runner
from bench.racer import EVERY
from bench.turns import Contender, alone
from nst.image.io import write_image
from nst.runtime.precision import native
from tests.conftest import blobs


def test_work_equals_a_count_by_hand() -> None:
    weights = work.he_normal()
    layers = work.layers(weights, 64)
    assert [layer.side for layer in layers] == [64] * 2 + [32] * 2 + [16] * 4 + [8] * 4 + [4]
    assert layers[-1] == work.Layer("block5_conv1", 9 * 512 * 512, 512, 4)
    only_first = {"block1_conv1": weights["block1_conv1"]} | dict.fromkeys(
        weights.keys() - {"block1_conv1"}, (weights["block1_conv1"][0][..., :0, :0], weights["block1_conv1"][1][:0])
    )
    forward = 2 * 64 * 64 * (3 * 3 * 3 * 64 + 64 * 64)  # a multiplication and an addition each
    assert work.gigaflop(only_first, 64) == pytest.approx(2 * forward / 1e9)
    assert work.gigaflop(weights, 128) == pytest.approx(4 * work.gigaflop(weights, 64))


def test_a_worker_returns_time_and_memory() -> None:
    worker = alone(Contender("nst", "vgg19_slim", "float32", 64), rounds=2)
    assert len(worker.seconds) == 2
    assert 0 < worker.median < 60
    assert 50 < worker.base <= worker.peak


@pytest.mark.slow
def test_a_failed_worker_is_named_in_the_error() -> None:
    with pytest.raises(RuntimeError, match="nst vgg19_slim float33 64 ended without an answer"):
        alone(Contender("nst", "vgg19_slim", "float33", 64))


@pytest.mark.slow
def test_a_failed_racer_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"nst steps=0 .* ended before its first step"):
        Runner(("nst", "steps=0", "none.png", "none.png", "none", "64"), tmp_path)


@pytest.fixture
def two_pictures(tmp_path: Path) -> tuple[str, str]:
    """Paths of two pictures."""
    for name in ("content", "style"):
        write_image(blobs(48, 64, len(name)), tmp_path / f"{name}.png")
    return str(tmp_path / "content.png"), str(tmp_path / "style.png")


@pytest.mark.slow
def test_a_race_compares_only_float32_losses_at_full_size(two_pictures: tuple[str, str], tmp_path: Path) -> None:
    runner = Runner(
        ("nst", "steps=16 pyramid.ratios=[0.5,1] pyramid.shares=[1,1]", *two_pictures, "none", "192"), tmp_path
    )
    while runner.go():
        pass
    runner.end()
    assert len(runner.losses) == len(runner.seconds) == len(runner.comparable)
    first = runner.comparable.index(True)
    assert 0 < first < len(runner.losses)
    every = FLOAT32_EVERY if native() else 1
    assert all(comparable == (number % every == 0) for number, comparable in enumerate(runner.comparable[first:]))
    assert runner.reaches(max(runner.losses)) == pytest.approx(sum(runner.seconds[: first + 1]))
    assert runner.reaches(min(runner.losses) - 1) is None


def test_a_table_is_printed_as_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    benchmark.table([{"what": "a", "s": 1.23456, "share": 0.5}], {"share": ".0%"}, ".2f")
    assert capsys.readouterr().out == "| what | s | share |\n|---|---|---|\n| a | 1.23 | 50% |\n\n"


@pytest.mark.slow
def test_an_interrupted_racer_resumes_from_its_checkpoint(two_pictures: tuple[str, str], tmp_path: Path) -> None:
    arguments = ("nst", f"steps={EVERY + 5} pyramid=single", *two_pictures, "none", "96")
    stopped = Runner(arguments, tmp_path)
    while len(stopped.losses) < EVERY + 2:
        assert stopped.go()
    stopped.end()
    resumed = Runner(arguments, tmp_path)
    assert len(resumed.losses) == EVERY + 1
    resumed.go()
    resumed.end()
    assert resumed.losses[:EVERY] == stopped.losses[:EVERY]
    assert resumed.losses[EVERY:] == pytest.approx(stopped.losses[EVERY:], rel=1e-2)  # threads sum in varying order
