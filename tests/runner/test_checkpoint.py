"""A stopped run resumes from its checkpoint and ends with the same pixels, bit for bit."""

import errno
import logging
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nst import LBFGS, SGD, Adam, Features, Gram, Objective, Octaves, Stop, Style, TotalVariation, Transfer, stylize
from nst.errors import InputError
from nst.extractor.network import Network
from nst.optimizer.averaged import Averaged
from nst.optimizer.best import Best
from nst.runner import checkpoint
from nst.runner.checkpoint import Checkpoint
from nst.state import Iterate, Result
from tests.conftest import blobs

CONTENT, STYLE = blobs(96, 128, 1), blobs(96, 128, 2)
STEPS, PYRAMID = 14, Octaves((0.5, 1.0), (1.0, 1.0))
ORIGIN = {"versions": {"tensorflow": "2"}, "device": "CPU", "threads": 2}
NEVER = Stop()
OPTIMIZERS = [Adam(), SGD(), Averaged(Adam()), Best(SGD()), LBFGS(history=3), LBFGS(history=3, box=False)]


def run(network: Network, optimizer: Any, stop: Stop = NEVER, **options: Any) -> Result:
    objective = Objective(Features(), Gram(), TotalVariation())
    transfer = Transfer(CONTENT, [Style(STYLE)], network, objective, optimizer, steps=STEPS, pyramid=PYRAMID, stop=stop)
    return stylize(transfer, **options)


def load(folder: Path, optimizer: Any, identity: str = "me", **origin: Any) -> Iterate | None:
    return checkpoint.load(folder, identity, ORIGIN | origin, optimizer, PYRAMID.levels(96, 128, STEPS))


def interrupted(network: Network, optimizer: Any, folder: Path, evaluations: int) -> Result:
    """A run that stops after so many `evaluations`."""
    seen: list[Iterate] = []
    saver = Checkpoint(None, "me", ORIGIN)
    saver.open(SimpleNamespace(folder=folder))  # pyright: ignore[reportArgumentType]
    result = run(
        network,
        optimizer,
        observers=[seen.append, saver],
        interrupted=lambda: bool(seen) and seen[-1].evaluation >= evaluations,
    )
    saver.save()
    return result


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("evaluations", [1, 5, 7, 8, 13])
def test_a_resumed_run_ends_with_the_same_pixels(
    network: Network, optimizer: Any, evaluations: int, tmp_path: Path
) -> None:
    whole = run(network, optimizer)
    stopped = interrupted(network, optimizer, tmp_path, evaluations)
    assert stopped.evaluations < STEPS
    saved = load(tmp_path, optimizer)
    assert saved is not None
    resumed = run(network, optimizer, resume=saved)
    np.testing.assert_array_equal(resumed.image, whole.image)
    assert (resumed.evaluations, resumed.ending, resumed.seconds > stopped.seconds) == (STEPS, whole.ending, True)


def test_a_converged_run_takes_no_step_after_its_resume(network: Network, tmp_path: Path) -> None:
    stop = Stop(patience=2, tolerance=0.9)
    last: list[Iterate] = []
    whole, seen = run(network, Adam(), stop=stop, observers=[last.append]), []
    checkpoint.save(tmp_path / checkpoint.FILE, last[-1], {"identity": "me", "origin": ORIGIN})
    resumed = run(network, Adam(), stop=stop, resume=load(tmp_path, Adam()), observers=[seen.append])
    assert (seen, resumed.evaluations, resumed.ending) == ([], whole.evaluations, whole.ending)
    np.testing.assert_array_equal(resumed.image, whole.image)


def test_a_loaded_checkpoint_equals_the_saved_one(network: Network, tmp_path: Path) -> None:
    seen: list[Iterate] = []
    run(network, LBFGS(history=2), observers=[seen.append])
    for iterate in seen[::5]:
        checkpoint.save(tmp_path / checkpoint.FILE, iterate, {"identity": "me", "origin": ORIGIN})
        loaded = load(tmp_path, LBFGS(history=2))
        assert loaded is not None
        for name in ("level", "evaluation", "seconds", "equivalents"):
            assert getattr(loaded, name) == getattr(iterate, name)
        assert loaded.state.progress == iterate.state.progress
        np.testing.assert_array_equal(loaded.point.gradient, iterate.point.gradient)
        assert loaded.point.weighted == iterate.point.weighted
        assert loaded.point.canonical == iterate.point.canonical
        for loaded_part, saved_part in zip(loaded.state.optimizer_state, iterate.state.optimizer_state, strict=True):
            for one, other in zip(loaded_part, saved_part, strict=True):
                np.testing.assert_array_equal(one, other)


def test_writing_takes_a_small_share_of_the_time(network: Network, tmp_path: Path) -> None:
    """Each reading of the clock advances it by 1 s, so time passes mostly while a checkpoint is written."""
    seen: list[Iterate] = []
    run(network, Adam(), observers=[seen.append])
    ticks = iter(range(10_000))
    saver = Checkpoint(5, "me", ORIGIN, clock=lambda: next(ticks))
    saver.open(SimpleNamespace(folder=tmp_path))  # pyright: ignore[reportArgumentType]
    written = 0
    for _ in range(20):
        for iterate in seen:
            saver(iterate)
            written += (tmp_path / checkpoint.FILE).exists()
            (tmp_path / checkpoint.FILE).unlink(missing_ok=True)
    assert 2 <= written <= 1 + next(ticks) * checkpoint.SHARE


def test_a_checkpoint_of_another_run_is_not_loaded(network: Network, tmp_path: Path) -> None:
    assert checkpoint.identity(tmp_path) is None
    assert load(tmp_path, Adam()) is None
    interrupted(network, Adam(), tmp_path, 3)
    assert checkpoint.identity(tmp_path) == "me"
    assert load(tmp_path, Adam(), identity="you") is None


@pytest.fixture
def warning_log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """nst's log from warnings up, even if another test disabled propagation."""
    monkeypatch.setattr(logging.getLogger("nst"), "propagate", True)
    caplog.set_level(logging.WARNING, "nst")
    return caplog


def test_a_failed_write_is_logged_and_the_run_continues(
    network: Network, tmp_path: Path, warning_log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint.os, "fsync", fail)
    interrupted(network, Adam(), tmp_path, 3)
    assert "No space left" in warning_log.text
    assert list(tmp_path.iterdir()) == []


def test_a_changed_number_of_threads_is_logged(
    network: Network, tmp_path: Path, warning_log: pytest.LogCaptureFixture
) -> None:
    interrupted(network, Adam(), tmp_path, 3)
    assert load(tmp_path, Adam(), threads=7)
    assert "changed since this run began: threads" in warning_log.text


@pytest.mark.parametrize("corrupt", [lambda data: data[: len(data) // 2], lambda data: b"no zip" + data[6:]])
def test_a_broken_checkpoint_is_logged_and_ignored(
    network: Network, tmp_path: Path, warning_log: pytest.LogCaptureFixture, corrupt: Any
) -> None:
    interrupted(network, Adam(), tmp_path, 3)
    path = tmp_path / checkpoint.FILE
    path.write_bytes(corrupt(path.read_bytes()))
    assert load(tmp_path, Adam()) is None
    assert "cannot be used" in warning_log.text
    assert (tmp_path / "checkpoint.npz.set-aside").is_file()


def test_a_checkpoint_of_another_version_is_logged_and_ignored(
    network: Network, tmp_path: Path, warning_log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(network, Adam(), tmp_path, 3)
    monkeypatch.setattr(checkpoint, "Progress", lambda first, lowest: None)
    assert load(tmp_path, Adam()) is None
    assert "cannot be used" in warning_log.text
    assert (tmp_path / "checkpoint.npz.set-aside").is_file()


def test_bad_settings_are_refused() -> None:
    with pytest.raises(InputError, match="checkpoint must be above 0, not 0"):
        Checkpoint(0, "me", ORIGIN)
