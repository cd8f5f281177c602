"""The benchmark: operation counts, tables, workers and the race."""

import pytest

import benchmark
from bench import work
from bench.race import Finish, quickest
from bench.turns import Contender, alone


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


def test_the_race_counts_pictures_that_are_better_in_both_distances() -> None:
    goal = Finish("PyTorch", 100, 500, 0.1, 0.5)
    finishes = [
        Finish("nst, a", 1, 5, 0.09, 0.6),
        Finish("nst, b", 3, 20, 0.09, 0.4),
        Finish("nst, c", 2, 10, 0.05, 0.49),
        Finish("pastiche", 1, 1, 0.2, 0.1),
    ]
    assert quickest(goal, finishes, "nst") == finishes[2]
    assert quickest(goal, finishes, "pastiche") is None
    assert not goal.beats(goal)


def test_a_table_is_printed_as_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    benchmark.table([{"what": "a", "s": 1.23456, "share": 0.5}], {"share": ".0%"}, ".2f")
    assert capsys.readouterr().out == "| what | s | share |\n|---|---|---|\n| a | 1.23 | 50% |\n\n"
