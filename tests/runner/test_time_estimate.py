"""The time estimate: proportional to the work, and logged only for a long run."""

import logging

import pytest

from nst import Features, Gram, Objective
from nst.extractor.network import Network
from nst.loss.style.mrf import MRF
from nst.runner import time_estimate
from nst.state import Level

LAYERS = ["block3_conv1"]
PLAIN = Objective(Features(weight=0), Gram(layers=LAYERS))


@pytest.fixture(autouse=True)
def _nothing_measured() -> None:
    time_estimate._fastest.cache_clear()


def logged_lines(
    network: Network, levels: list[Level], monkeypatch: pytest.MonkeyPatch, objective: Objective = PLAIN
) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(logging.getLogger("nst.runner.time_estimate"), "info", lambda text, *a: lines.append(text % a))
    time_estimate.log_if_long(network, objective, levels)
    return lines


def test_the_estimate_is_proportional_to_the_work(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_estimate, "_forward", lambda *_: 0.5)
    one = time_estimate.seconds(network, LAYERS, [Level(256, 256, 10)])
    assert one >= 10 * 0.5
    assert time_estimate.seconds(network, LAYERS, [Level(256, 256, 30)]) == pytest.approx(3 * one)
    assert time_estimate.seconds(network, LAYERS, [Level(128, 128, 4), Level(512, 512, 10)]) == pytest.approx(4.1 * one)


def test_a_short_run_logs_nothing(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    assert logged_lines(network, [Level(64, 64, 10)], monkeypatch) == []


def test_a_long_run_logs_the_estimate_and_quicker_settings(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_estimate, "_forward", lambda *_: 1.0)
    (line,) = logged_lines(network, [Level(512, 512, 100)], monkeypatch)
    assert line == "this run will take about 15 min (100 full-size equivalents); quicker: size=160"
    monkeypatch.setattr(network, "source", network.source.__class__("vgg19", "x", "y"))
    (line,) = logged_lines(network, [Level(512, 512, 100)], monkeypatch)
    assert "extractor=vgg19_slim (about 2 min) or size=160" in line


def test_the_estimate_is_a_lower_bound_for_a_slow_loss(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_estimate, "_forward", lambda *_: 1.0)
    (line,) = logged_lines(
        network, [Level(512, 512, 100)], monkeypatch, Objective(Features(weight=0), MRF(layers=LAYERS))
    )
    assert line.startswith("this run will take at least 15 min")
