"""The observer `preview`: its picture and progress agree with the run, and nothing of it remains beside a result."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nst.errors import InputError
from nst.extractor.network import Network
from nst.image.io import read_image
from nst.observers import preview
from nst.observers.preview import PICTURE, PROGRESS, Preview
from nst.state import Iterate
from tests.observers.test_observers import RECORD, STEPS, Last, run_observed

FINISHED = {**RECORD, "files": {"result.png": "0" * 64}}


class Reader(Last):
    """Reads both files after every step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.progress: list[dict[str, Any]] = []

    def __call__(self, iterate: Iterate) -> None:
        super().__call__(iterate)
        self.progress.append(json.loads((self._folder / PROGRESS).read_text()))
        assert max(read_image(self._folder / PICTURE).shape) <= 64


@pytest.fixture
def at_every_step(monkeypatch: pytest.MonkeyPatch) -> Preview:
    monkeypatch.setattr(preview, "SHARE", 1e9)
    return Preview(every=1e-9, side=64)


def test_both_files_follow_the_run(network: Network, tmp_path: Path, at_every_step: Preview) -> None:
    reader = Reader(tmp_path)
    result = run_observed(network, tmp_path, at_every_step, reader)
    assert [found["evaluation"] for found in reader.progress] == list(range(1, STEPS + 1))
    done = [found["done"] for found in reader.progress]
    assert done == sorted(done)
    last = reader.progress[-1]
    assert (last["done"], last["steps"], last["level"], last["levels"]) == (1, STEPS, 1, 2)
    assert last["size"] == [96, 128]
    assert last["loss"] == pytest.approx(float(result.point.total))
    shown = read_image(tmp_path / PICTURE)  # `present` of `run_observed` inverts the picture
    assert shown.shape == (1, 48, 64, 3)
    assert abs(float(shown.mean()) - float(1 - result.image.mean())) < 0.01


def test_both_files_go_when_the_result_is_there_and_stay_without(
    network: Network, tmp_path: Path, at_every_step: Preview
) -> None:
    run_observed(network, tmp_path, at_every_step, record={"status": "failed"})
    assert {path.name for path in tmp_path.iterdir()} == {PICTURE, PROGRESS}
    run_observed(network, tmp_path, at_every_step, record=FINISHED)
    assert not list(tmp_path.iterdir())


def test_other_things_under_their_names_are_not_lost(network: Network, tmp_path: Path, at_every_step: Preview) -> None:
    folder, mine = tmp_path / "run", tmp_path / "mine.txt"
    folder.mkdir()
    mine.write_text("mine")
    (folder / PICTURE).symlink_to(mine)
    (folder / PROGRESS).mkdir()
    run_observed(network, folder, at_every_step, record=FINISHED)
    assert mine.read_text() == "mine"
    assert [path.name for path in folder.iterdir()] == [f"{PROGRESS}.set-aside"]


def test_a_failed_write_is_logged_once_and_does_not_end_the_run(
    network: Network, tmp_path: Path, at_every_step: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(preview.log, "warning", lambda text, *values: lines.append(text % values))
    run_observed(network, tmp_path / "gone", at_every_step)
    assert lines == [f"{PICTURE} and {PROGRESS} cannot be written ({os.strerror(2)})"]


def test_slow_writes_are_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    now, written = [0.0], []
    monkeypatch.setattr("nst.observers.preview.time.monotonic", lambda: now[0])

    def write(iterate: Any) -> None:
        written.append(now[0])
        now[0] += 0.5

    writer = preview._Writer(2.0, write)
    for _ in range(1000):
        writer(None)  # pyright: ignore[reportArgumentType]
        now[0] += 0.1
    assert 0.5 * len(written) <= 1.1 * preview.SHARE * now[0] + 0.5
    assert len(written) > 2


@pytest.mark.parametrize("setting", [{"every": 0}, {"side": 0}, {"side": 1.5}])
def test_bad_settings_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"observers.preview.{next(iter(setting))}"):
        Preview(**setting)


def test_a_picture_written_quickly_has_the_same_pixels(tmp_path: Path, rng: np.random.Generator) -> None:
    from nst.image.io import write_image

    picture = rng.uniform(0, 1, (1, 40, 50, 3)).astype(np.float32)
    for name, quick in (("a.png", False), ("b.png", True)):
        write_image(picture, tmp_path / name, quick=quick)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), read_image(tmp_path / "b.png"))
