"""Profile: a few evaluations at full size, in the run folder, without an effect on the picture."""

import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from nst.errors import InputError
from nst.observers.contract import RunContext
from nst.observers.profile import FOLDER, Profile
from nst.state import Iterate, Level, LevelState, Point, Progress
from tests.conftest import CONF, Outcome, only_run

LEVELS = [Level(32, 32, 10), Level(64, 64, 20)]


@pytest.fixture
def profiler(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The calls of TensorFlow's profiler, which it replaces: the real one runs in the test of the command."""
    import tensorflow as tf

    calls: list[str] = []
    monkeypatch.setattr(tf.profiler.experimental, "start", lambda folder: calls.append("start"))
    monkeypatch.setattr(tf.profiler.experimental, "stop", lambda: calls.append("stop"))
    yield calls


def iterate(level: int, used: int) -> Iterate:
    point = Point(np.zeros([1, 64, 64, 3]), 7.0, np.zeros([1, 64, 64, 3]), {}, {})
    return Iterate(level, 10 * level + used, 1.0, 1.0, LevelState(point, None, used, Progress(9.0, 7.0, 1), False))


def run_of(folder: Path, resume: Iterate | None = None) -> RunContext:
    picture = np.zeros([1, 64, 64, 3], np.float32)
    return RunContext(folder, {}, {}, LEVELS, picture, [picture], lambda _: {}, lambda picture: picture, resume)


def profiled(observer: Profile, run: RunContext, iterates: list[Iterate], calls: list[str]) -> list[int]:
    """The evaluations of the level after which the profiler starts and stops."""
    found = []
    observer.open(run)
    for one in iterates:
        before = len(calls)
        observer(one)
        found += [one.state.used] * (len(calls) - before)
    observer.close({})
    return found


def test_the_window_is_at_full_size_after_the_first_evaluations(tmp_path: Path, profiler: list[str]) -> None:
    every = [iterate(0, used) for used in range(1, 11)] + [iterate(1, used) for used in range(1, 21)]
    assert profiled(Profile(skip=3, evaluations=5), run_of(tmp_path), every, profiler) == [3, 8]
    assert profiler == ["start", "stop"]


@pytest.mark.parametrize(("resume", "window"), [(iterate(1, 6), [9, 14]), (iterate(0, 6), [3, 8])])
def test_a_run_that_continues_counts_its_own_evaluations(
    tmp_path: Path, profiler: list[str], resume: Iterate, window: list[int]
) -> None:
    first = resume.state.used + 1 if resume.level else 1
    rest = [iterate(1, used) for used in range(first, 21)]
    assert profiled(Profile(), run_of(tmp_path, resume), rest, profiler) == window


def test_the_end_of_the_run_ends_a_profile(tmp_path: Path, profiler: list[str]) -> None:
    assert profiled(Profile(), run_of(tmp_path), [iterate(1, used) for used in range(1, 5)], profiler) == [3]
    assert profiler == ["start", "stop"]


def test_too_few_evaluations_are_a_warning(
    tmp_path: Path, profiler: list[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import logging

    monkeypatch.setattr(logging.getLogger("nst"), "propagate", True)
    profiled(Profile(), run_of(tmp_path), [iterate(1, 1), iterate(1, 2)], profiler)
    assert profiler == []
    assert "ended before evaluation 4 at full size" in caplog.text


@pytest.mark.parametrize("settings", [{"skip": 0}, {"evaluations": 0}])
def test_a_window_without_evaluations_is_refused(settings: dict[str, int]) -> None:
    with pytest.raises(InputError, match="must be at least 1"):
        Profile(**settings)


def test_the_config_has_the_constructors_defaults() -> None:
    (node,) = yaml.safe_load((CONF / "profile/steps.yaml").read_text())["observers"].values()
    defaults = {name: parameter.default for name, parameter in inspect.signature(Profile).parameters.items()}
    assert {key: value for key, value in node.items() if key != "_target_"} == defaults


def test_a_run_has_its_profile_and_the_identity_of_one_without(nst: Callable[..., Outcome]) -> None:
    outcome = nst("profile=steps", "steps=9", "size=64", "observers.profile.evaluations=2")
    assert outcome.status == 0
    assert outcome.out.count("see them on the page Profile of   tensorboard --logdir outputs/") == 1
    (trace,) = (only_run() / FOLDER).rglob("*.xplane.pb")
    assert b"evaluat" in trace.read_bytes()
    record: dict[str, Any] = json.loads((only_run() / "result.json").read_text())
    assert "profile" not in yaml.safe_load((only_run() / "config.yaml").read_text())["observers"]
    assert nst("steps=9", "size=64", f"hydra.run.dir={only_run()}").out.count("done already") == 1
    assert record["choices"]["profile"] == "steps"
