"""The time estimate: from the first evaluations, logged once, and only for a long run."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from nst.observers.contract import RunContext
from nst.observers.pace import SETTLED
from nst.runner.time_estimate import TimeEstimate
from nst.state import Iterate, Level, LevelState

NOTHING = np.zeros((1, 1, 1, 3), np.float32)


def logged_lines(
    levels: Sequence[Level],
    each: Sequence[float],
    monkeypatch: pytest.MonkeyPatch,
    network: str = "vgg19_slim",
    resume: Iterate | None = None,
) -> list[str]:
    """The lines of a run with `each` seconds per evaluation at each level."""
    lines: list[str] = []
    monkeypatch.setattr(logging.getLogger("nst.runner.time_estimate"), "info", lambda text, *a: lines.append(text % a))
    estimate = TimeEstimate(network)
    estimate.open(
        RunContext(Path(), {}, {}, list(levels), NOTHING, [NOTHING], lambda _: {}, lambda picture: picture, resume)
    )
    for iterate in iterates(levels, each):
        estimate(iterate)
    return lines


def iterates(levels: Sequence[Level], each: Sequence[float]) -> list[Iterate]:
    found, seconds = [], 0.0
    for index, (level, pace) in enumerate(zip(levels, each, strict=True)):
        for used in range(1, level.steps + 1):
            seconds += pace
            state = cast(Any, LevelState)(None, None, used, None, False)
            found.append(Iterate(index, len(found) + 1, seconds, 0.0, state))
    return found


def test_a_short_run_logs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert logged_lines([Level(64, 64, 10), Level(128, 128, 10)], [1, 4], monkeypatch) == []


def test_a_long_run_logs_one_line_with_quicker_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = logged_lines([Level(512, 512, 100)], [9], monkeypatch)
    assert line == "this run will take about 15 min (100 full-size equivalents); quicker: size=160"
    (line,) = logged_lines([Level(512, 512, 100)], [9], monkeypatch, "vgg19")
    assert "extractor=vgg19_slim (about 2 min) or size=160" in line


def test_later_levels_are_predicted_from_two(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = [Level(128, 128, 20), Level(256, 256, 20), Level(1024, 1024, 20)]
    (line,) = logged_lines(levels, [1, 4, 0], monkeypatch)  # 20 (1 + 4 + 64) s
    assert line.startswith("this run will take about 23 min (22 full-size equivalents)")


def test_the_line_comes_as_soon_as_the_pace_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = [Level(512, 512, 100)]
    assert not logged_lines([levels[0]._replace(steps=SETTLED)], [30], monkeypatch)
    assert logged_lines([levels[0]._replace(steps=SETTLED + 1)], [30], monkeypatch)


def test_a_resumed_run_is_not_announced_again(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = [Level(512, 512, 100)]
    assert logged_lines(levels, [9], monkeypatch, resume=iterates(levels, [9])[3]) == []
