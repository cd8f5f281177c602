"""What the page gets to know about runs: those that run, those that ended meanwhile, and those that are planned."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from nst.dashboard import watched
from nst.dashboard.copies import Copies
from nst.dashboard.watcher import Watcher
from nst.errors import InputError
from nst.report import plan
from nst.runtime import lock
from tests.dashboard.conftest import Start, state
from tests.report.test_report import make_run


def test_a_run_is_shown_while_it_runs_and_after_its_end(start: Start, watcher: Watcher) -> None:
    run = start()
    found = state(watcher)["runs"]["sweep/run"]
    assert (found["status"], found["evaluation"], found["steps"], found["done"]) == ("running", 30, 120, 0.25)
    assert (found["seconds_left"], found["size"], found["error"]) == (27, [60, 80], "")
    assert len(found["curves"]["total"]) == len(found["curves"]["style"]) == 30
    run.write(60, "red")
    later = state(watcher)["runs"]["sweep/run"]
    assert (later["evaluation"], later["picture"]) == (60, found["picture"] + 1)
    run.end()
    ended = state(watcher)["runs"]["sweep/run"]
    assert (ended["status"], ended["evaluation"], ended["loss"], ended["seconds"]) == ("done", 120, 0.25, 36.5)
    assert (ended["done"], ended["seconds_left"], ended["picture"]) == (1, None, later["picture"] + 1)


def test_runs_that_ended_before_are_counted_only(start: Start, watcher: Watcher, tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_run(tmp_path / "sweep" / name)
    make_run(tmp_path / "sweep" / "killed", status="unfinished")
    start()
    found = state(watcher)
    assert list(found["runs"]) == ["sweep/run"]
    assert (found["before"], found["statuses"]) == (3, {"running": 1})


def test_a_run_that_ends_between_two_looks_is_shown(watcher: Watcher, tmp_path: Path) -> None:
    assert state(watcher)["order"] == []
    make_run(tmp_path / "quick")
    assert state(watcher)["runs"]["quick"]["status"] == "done"


def test_running_runs_come_first_then_the_latest_that_ended(start: Start, watcher: Watcher) -> None:
    first = start("first")
    state(watcher)
    second = start("second")
    state(watcher)
    start("third")
    state(watcher)
    first.end()
    state(watcher)
    second.end()
    assert list(state(watcher)["ids"]) == ["third", "second", "first"]


@pytest.mark.parametrize("status", ["failed", "interrupted", "diverged", "pruned"])
def test_every_kind_of_end_is_shown_and_a_repeated_run_runs_again(
    start: Start, watcher: Watcher, tmp_path: Path, status: str
) -> None:
    run = start()
    state(watcher)
    run.end(status, error=f"it {status}")
    found = state(watcher)["runs"]["sweep/run"]
    assert (found["status"], bool(found["error"])) == (status, status in ("failed", "diverged"))
    shutil.move(tmp_path / "sweep/run/result.json", tmp_path / "before")
    shutil.rmtree(tmp_path / "sweep/run")
    again = start()
    shutil.copy(tmp_path / "before", again.folder / "result.json")
    assert state(watcher)["runs"]["sweep/run"]["status"] == "running"


def test_a_killed_run_is_unfinished_and_keeps_its_preview(start: Start, watcher: Watcher) -> None:
    run = start()
    state(watcher)
    run.kill()
    found = state(watcher)
    assert found["runs"]["sweep/run"]["status"] == "unfinished"
    assert "continues" in found["runs"]["sweep/run"]["error"]
    assert found["ids"]["sweep/run"] in watcher.pictures


def test_a_deleted_run_is_not_shown_any_more(start: Start, watcher: Watcher) -> None:
    run = start()
    state(watcher)
    run.end()
    shutil.rmtree(run.folder)
    assert state(watcher)["order"] == []


def test_planned_runs_are_counted(start: Start, watcher: Watcher, tmp_path: Path) -> None:
    plan.write_runs(tmp_path / "sweep", ["done", "run", "next", "last"])
    plan.write_runs(tmp_path / "abandoned", ["never"])
    make_run(tmp_path / "sweep" / "done")
    run = start()
    expected = {"name": "sweep", "ended": 1, "running": 1, "left": 2}
    assert state(watcher)["sweeps"] == [expected]
    run.end()
    assert state(watcher)["sweeps"] == [expected | {"ended": 2, "running": 0}]


def test_the_folder_of_a_sweep_and_of_a_run_can_be_watched(start: Start, tmp_path: Path) -> None:
    run = start()
    assert list(state(Watcher(run.folder.parent))["runs"]) == ["run"]
    assert list(state(Watcher(run.folder))["runs"]) == ["run"]
    run.end()
    found = state(Watcher(run.folder))
    assert found["runs"]["run"]["status"] == "done", "a run folder is shown although it ended before"


def test_runs_of_a_sweep_are_named_by_what_differs(start: Start, watcher: Watcher) -> None:
    start("sweep/a", weight=4.0)
    assert state(watcher)["runs"]["sweep/a"]["name"] == "a"
    start("sweep/b", weight=8.0)
    found = state(watcher)["runs"]
    assert [run["name"] for run in found.values()] == ["style.weight=4.0", "style.weight=8.0"]
    assert {run["sweep"] for run in found.values()} == {"sweep"}


def test_without_the_observer_progress_comes_from_the_history(start: Start, watcher: Watcher) -> None:
    run = start()
    for name in ("preview.png", "progress.json"):
        (run.folder / name).unlink()
    found = state(watcher)["runs"]["sweep/run"]
    assert (found["status"], found["evaluation"], found["picture"]) == ("running", 30, 0)
    assert "done" not in found


def test_only_files_that_change_are_read_again(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(watched, "PATIENCE", 0)
    for name in ("find", "curves", "_progress"):
        original = getattr(watched, name)

        def counted(*arguments: Any, name: str = name, original: Callable[..., Any] = original) -> Any:
            read.append(name)
            return original(*arguments)

        monkeypatch.setattr(watched, name, counted)
    for number in range(5):
        make_run(tmp_path / "old" / str(number))
    run = start()
    watcher = Watcher(tmp_path)
    for _ in range(3):
        state(watcher)
    assert sorted(read) == ["_progress", "curves", "find"]
    run.write(40, "red")
    state(watcher)
    assert sorted(read) == ["_progress", "_progress", "curves", "curves", "find"]


def as_link(path: Path, outside: Path) -> None:
    path.replace(outside)
    path.symlink_to(outside)


def as_pipe(path: Path, _: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def as_folder(path: Path, _: Path) -> None:
    path.unlink()
    path.mkdir()


def as_noise(path: Path, _: Path) -> None:
    path.write_bytes(bytes(range(256)) * 20)


def as_huge(path: Path, _: Path) -> None:
    os.truncate(path, 2**33)


FILES = ("preview.png", "progress.json", "history.csv", "config.yaml", "overrides.yaml", ".lock")


@pytest.mark.parametrize("damage", [as_link, as_pipe, as_folder, as_noise, as_huge])
@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_does_no_harm(
    start: Start, watcher: Watcher, tmp_path: Path, name: str, damage: Callable[[Path, Path], None]
) -> None:
    start("good")
    run = start("bad")
    outside = tmp_path / "outside"
    damage(run.folder / name, outside)
    before = outside.read_bytes() if outside.exists() else None
    found = state(watcher)
    assert found["runs"]["good"]["status"] == "running"
    assert before is None or outside.read_bytes() == before
    if name == "preview.png":
        assert Copies().jpeg(watcher.pictures[found["ids"]["bad"]]) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"evaluation": "1e9"}',
        '{"evaluation": 1, "done": NaN}',
        '{"size": [1, 2, 3], "done": 1e308}',
        "[" * 100_000,
        '{"evaluation": true}',
    ],
)
def test_a_hostile_progress_is_left_out_or_bounded(start: Start, watcher: Watcher, text: str) -> None:
    run = start()
    (run.folder / "progress.json").write_text(text)
    found = state(watcher)["runs"]["sweep/run"]
    assert len(found["size"]) <= 2
    assert isinstance(found["evaluation"], float | int)


def test_a_record_cannot_name_another_status_or_picture(start: Start, watcher: Watcher) -> None:
    run = start()
    found = state(watcher)
    run.end()
    Image.new("RGB", (9, 9)).save(run.folder / "result.png")
    record = json.loads((run.folder / "result.json").read_text())
    (run.folder / "result.json").write_text(json.dumps(record | {"status": "<b>"}))
    assert state(watcher)["runs"]["sweep/run"]["status"] == "unfinished"
    assert Copies().jpeg(watcher.pictures[found["ids"]["sweep/run"]]) is None, "it is not the recorded picture"


def test_a_folder_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    with pytest.raises(InputError, match="no such folder; did you mean 'outputs'"):
        Watcher(tmp_path / "output")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        Watcher(tmp_path / "file")


def test_a_new_run_in_a_folder_does_not_show_the_old_figures(start: Start, watcher: Watcher) -> None:
    run = start()
    run.write(90, "red")
    state(watcher)
    run.kill()
    state(watcher)
    (run.folder / "progress.json").unlink()
    (run.folder / "history.csv").write_text("")
    with lock.opened(run.folder / lock.NAME) as file:
        assert lock.hold(file, 1)
        found = state(watcher)["runs"]["sweep/run"]
    assert (found["status"], found["curves"]) == ("running", {})
    assert "evaluation" not in found
