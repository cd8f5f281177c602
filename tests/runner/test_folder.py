"""Run folders: done means whole; what cannot be used is set aside, and the run is made again."""

import errno
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nst.image.io import read_image
from nst.observers import history
from nst.runner import checkpoint, finished
from nst.runner.folder import RunFolder, point_latest
from nst.runtime import signals, system
from nst.runtime.lock import BusyError
from tests.conftest import Outcome

Command = Callable[..., Outcome]
HERE = "hydra.run.dir=here"


def record() -> dict[str, Any]:
    return json.loads(Path("here/result.json").read_text())


def test_the_record_lists_the_pictures_and_their_checksums(nst: Command) -> None:
    assert nst(HERE, "output.formats=[jpg]").status == 0
    assert list(record()["files"]) == ["result.png", "result.jpg"]
    assert finished.damaged(Path("here"), record()) == {}


@pytest.mark.parametrize("name", ["result.png", "result.jpg"])
def test_a_run_with_a_missing_or_changed_picture_is_not_done(nst: Command, name: str) -> None:
    nst(HERE, "output.formats=[jpg]")
    picture = Path("here") / name
    whole, pixels = picture.read_bytes(), read_image(picture)
    for damaged in (None, whole[:-20], b""):
        picture.unlink()
        if damaged is not None:
            picture.write_bytes(damaged)
        outcome = nst(HERE, "output.formats=[jpg]")
        assert (outcome.status, outcome.err) == (0, "")
        why = (
            f"{name}: it is missing"
            if damaged is None
            else f"{name} cannot be used (it is not the file that was written)"
        )
        assert why in outcome.out
        assert "the run begins again" in outcome.out
        np.testing.assert_array_equal(read_image(picture), pixels)
    assert Path(f"here/{name}.set-aside").read_bytes() == whole[:-20]
    assert "done already" in nst(HERE, "output.formats=[jpg]").out


@pytest.mark.parametrize(
    "names", [[], ["mine.txt"], ["result.png", "mine.txt"], ["result.png", "."], ["result.png", ".."]]
)
def test_a_record_of_other_files_than_pictures_is_set_aside_alone(nst: Command, names: list[str]) -> None:
    nst(HERE)
    mine = Path("here/mine.txt")
    mine.write_text("mine")
    digests = {"result.png": record()["files"]["result.png"], "mine.txt": hashlib.sha256(b"mine").hexdigest()}
    changed = record() | {"files": {name: digests.get(name, "0") for name in names}}
    Path("here/result.json").write_text(json.dumps(changed))
    outcome = nst(HERE)
    assert (outcome.status, outcome.err) == (0, "")
    assert "done already" not in outcome.out
    assert mine.read_text() == "mine"
    assert json.loads(Path("here/result.json.set-aside").read_text()) == changed


@pytest.mark.parametrize("value", [2**63 - 1, 2**63])
def test_every_whole_number_that_a_run_accepts_is_read_back(nst: Command, value: int) -> None:
    first = nst(HERE, f"seed={value}")
    assert first.status == (0 if value < 2**63 else 2), first.err
    assert value >= 2**63 or "done already" in nst(HERE, f"seed={value}").out


@pytest.mark.parametrize(
    "text",
    [
        *("", "5", "[]", "{}", "null", '"done"', '{"status": 5}', '{"status": "done"}', "[" * 100_000, "\0"),
        *('{"status": "failed", "overrides": 5}', '{"status": "failed", "metrics": [1]}'),
    ],
)
def test_a_result_json_that_nst_did_not_write_is_set_aside(nst: Command, text: str) -> None:
    Path("here").mkdir()
    Path("here/result.json").write_text(text)
    outcome = nst(HERE)
    assert (outcome.status, outcome.err) == (0, "")
    assert Path("here/result.json.set-aside").read_text() == text
    assert record()["status"] == "done"


def test_a_failed_run_keeps_a_result_json_that_nst_did_not_write(nst: Command) -> None:
    Path("here").mkdir()
    Path("here/result.json").write_text("mine")
    assert nst(HERE, "content.image=nowhere.jpg").status == 2
    assert Path("here/result.json.set-aside").read_text() == "mine"
    assert record()["status"] == "failed"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("**/*"))


@pytest.mark.parametrize("mistake", ["content.image=nowhere.jpg", "loss.style.weight=-1", "pair=far"])
def test_a_run_with_invalid_input_leaves_no_folder(nst: Command, mistake: str) -> None:
    Path("empty").mkdir()
    for given in ((), (HERE,), ("hydra.run.dir=empty",), ("hydra.run.dir=empty", "hydra.job.chdir=true")):
        assert nst(mistake, *given).status == 2
    assert files(Path()) == ["empty"], "the user's own folder stays"
    assert files(Path("empty")) == []


def test_a_run_with_invalid_input_is_recorded_where_there_is_anything_else(nst: Command) -> None:
    Path("here").mkdir()
    Path("here/mine.txt").touch()
    assert nst(HERE, "content.image=nowhere.jpg").status == 2
    assert {"mine.txt", "run.log", "result.json"} <= set(files(Path("here")))
    assert record()["status"] == "failed"


@pytest.mark.parametrize("mistake", ["loss.style.wieght=1,2", "optimizer=adam,L-BFGS", "hydra/launcher=nope seed=1,2"])
def test_a_sweep_that_cannot_begin_leaves_no_folder(nst: Command, mistake: str) -> None:
    assert nst("-m", *mistake.split()).status == 2
    assert files(Path()) == []
    Path("swept").mkdir()
    assert nst("-m", "sweep_dir=swept", *mistake.split()).status == 2
    assert Path("swept").is_dir()


def interrupt(nst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupt the run after its third evaluation."""
    calls: list[None] = []
    with monkeypatch.context() as patch:
        patch.setattr(signals.Interrupt, "__call__", lambda _: calls.append(None) or len(calls) > 2)
        nst(HERE)
    assert record()["status"] == "interrupted"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: b"\xff" + text,
        lambda text: text.replace(b"loss/total", b"lXss/total", 1),
        lambda text: text.replace(b"\r\n0,1,", b"\r\n0,x,", 1),
        lambda text: text.replace(b",0.", b",O.", 1),
        lambda text: b"\0" * 100,
        lambda text: b'"' + b"a" * 200_000,
        lambda text: b"a,b\r\n1,2\r\n",
    ],
)
def test_a_damaged_history_is_set_aside_and_the_run_goes_on(
    nst: Command, monkeypatch: pytest.MonkeyPatch, damage: Callable[[bytes], bytes]
) -> None:
    interrupt(nst, monkeypatch)
    path = Path("here/history.csv")
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    outcome = nst(HERE)
    assert (outcome.status, outcome.err) == (0, "")
    assert "history.csv cannot be used" in outcome.out
    assert (record()["status"], record()["resumed_at"]) == ("done", 3)
    assert Path("here/history.csv.set-aside").read_bytes() == damaged
    assert history.read(path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"gradient": np.zeros((1, 9, 9, 3), np.float32)},
        {"image": np.zeros((1, 9, 9, 3), np.float32)},
        {"state/0": np.zeros((2, 2), np.float32)},
        {"state/1": np.zeros((1, 64, 80, 3), np.float64)},
        {"total": np.zeros(3, np.float32)},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_checkpoint_that_loads_but_does_not_fit_is_set_aside(
    nst: Command, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, np.ndarray]
) -> None:
    nst("hydra.run.dir=whole")
    interrupt(nst, monkeypatch)
    path = Path("here") / checkpoint.FILE
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files} | wrong
    np.savez(path, allow_pickle=False, **arrays)
    outcome = nst(HERE)
    assert (outcome.status, outcome.err, record()["resumed_at"]) == (0, "", None)
    assert "another shape or type than in this run" in outcome.out
    np.testing.assert_array_equal(read_image("here/result.png"), read_image("whole/result.png"))


def test_a_checkpoint_from_which_no_step_succeeds_is_set_aside(nst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from nst.transfer import stylize as module

    stylize = module.stylize

    def picky(*arguments: Any, resume: Any, **options: Any) -> Any:
        if resume:
            raise TypeError("the structures differ")
        return stylize(*arguments, resume=resume, **options)

    interrupt(nst, monkeypatch)
    monkeypatch.setattr(module, "stylize", picky)
    outcome = nst(HERE)
    assert (outcome.status, outcome.err) == (0, "")
    assert (record()["status"], record()["resumed_at"], record()["evaluations"]) == ("done", None, 4)
    assert Path("here/checkpoint.npz.set-aside").is_file()


@pytest.mark.parametrize("wrong", [{"used": 9}, {"level": 3}, {"evaluation": -1}, {"seconds": "x"}, {"progress": []}])
def test_a_checkpoint_with_other_counts_is_set_aside(
    nst: Command, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    interrupt(nst, monkeypatch)
    path = Path("here") / checkpoint.FILE
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["header"] = np.array(json.dumps(json.loads(str(arrays["header"])) | wrong))
    np.savez(path, allow_pickle=False, **arrays)
    outcome = nst(HERE)
    assert (outcome.status, outcome.err, record()["resumed_at"]) == (0, "", None)
    assert "checkpoint.npz cannot be used" in outcome.out


def test_files_in_a_linked_folder_of_snapshots_are_kept(nst: Command) -> None:
    for folder in ("here", "elsewhere"):
        Path(folder).mkdir()
    Path("elsewhere/00009.png").touch()
    Path("here/snapshots").symlink_to(Path("elsewhere").resolve())
    assert nst(HERE, "observers.snapshots.every=2").status == 0
    assert [path.name for path in Path("elsewhere").iterdir()] == ["00009.png"]
    assert len(list(Path("here/snapshots").iterdir())) == 3


def test_a_run_writes_no_result_after_another_process_took_its_folder(
    nst: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nst.transfer import stylize as module

    stylize, others = module.stylize, []

    def meanwhile(*arguments: Any, **options: Any) -> Any:
        Path("here/.lock").unlink()
        others.append(RunFolder(Path("here")).__enter__())
        return stylize(*arguments, **options)

    monkeypatch.setattr(module, "stylize", meanwhile)
    outcome = nst(HERE)
    assert outcome.status == 2
    assert ".lock was removed, and another process has taken this folder" in outcome.err
    assert not Path("here/result.png").exists()
    assert not Path("here/result.json").exists()
    others[0].__exit__(None, None, None)


def test_a_folder_named_latest_png_is_left_alone(nst: Command) -> None:
    Path("outputs/latest.png").mkdir(parents=True)
    outcome = nst()
    assert outcome.status == 0
    assert "outputs/latest.png does not lead to the new picture (it is a folder)" in outcome.out
    assert sorted(path.name for path in Path("outputs").iterdir() if path.name.startswith("l")) == ["latest.png"]
    assert not list(Path("outputs").glob(".*"))


def test_without_links_latest_png_is_a_copy(nst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EINVAL, "A required privilege is not held by the client")

    monkeypatch.setattr(os, "symlink", refused)
    latest = Path("outputs/latest.png")
    for seed in (1, 2):
        outcome = nst(f"seed={seed}", f"hydra.run.dir=outputs/{seed}", "init=noise")
        assert (outcome.status, outcome.err) == (0, "")
        assert "latest.png" not in outcome.out
        assert not latest.is_symlink()
        assert latest.read_bytes() == Path(f"outputs/{seed}/result.png").read_bytes()


def test_on_windows_a_folder_that_it_cannot_have_is_refused_in_one_line(
    nst: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "WINDOWS", True)
    for arguments in (["hydra.run.dir=outputs/nul"], ["-m", "seed=1,2", "sweep_dir=outputs/nul"]):
        outcome = nst(*arguments)
        assert (outcome.status, outcome.err.count("\n")) == (2, 1)
        assert "outputs/nul: Windows has no folder 'nul', because 'nul' is the name of a device" in outcome.err
    outcome = nst("-m", "seed=1,2", f"sweep_dir={'s' * 150}")
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert "characters, at most 157 on Windows; choose a shorter output.folder" in outcome.err


def test_on_windows_names_of_runs_are_shorter_in_a_long_path(nst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "WINDOWS", True)
    top = Path("s" * (150 - len(str(Path.cwd()))))
    weights = "loss.style.layer_weights=[0.1234567,0.2345678,0.3456789,0.4567891,0.5678912]"
    assert nst("-m", "seed=1,2", f"sweep_dir={top}", weights).status == 0
    runs = [path.parent for path in top.glob("*/result.json")]
    assert len(runs) == 2
    assert max(len(str(path.absolute())) for path in runs) <= 178
    names = json.loads((top / ".sweep.json").read_text())
    assert all(run.name in json.dumps(names) for run in runs)


def test_a_current_folder_that_was_deleted_ends_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    point_latest(Path("outputs"), tmp_path / "result.png")


def test_a_folder_that_cannot_be_written_says_whether_its_run_is_done(
    nst: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    nst(HERE)
    before = {path: path.stat().st_mtime_ns for path in Path("here").iterdir()}

    def read_only(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("nst.runner.folder.lock.opened", read_only)
    monkeypatch.setattr("nst.runtime.lock.opened", read_only)
    outcome = nst(HERE)
    assert (outcome.status, outcome.err) == (0, "")
    assert "this run is done already" in outcome.out
    assert nst(HERE, "seed=1", "init=noise").status == 2
    Path("here/result.png").write_bytes(b"")
    before[Path("here/result.png")] = Path("here/result.png").stat().st_mtime_ns
    outcome = nst(HERE)
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert "cannot be created or written (Permission denied)" in outcome.err
    assert {path: path.stat().st_mtime_ns for path in Path("here").iterdir()} == before


def test_paths_start_where_the_command_was_given(nst: Command, pictures: Path) -> None:
    Path("me.png").write_bytes((pictures / "content.png").read_bytes())
    assert nst("content.image=me.png", "hydra.job.chdir=true").status == 0
    assert Path("outputs/latest.png").resolve().is_file()


def test_one_level_of_octaves_is_reported(nst: Command) -> None:
    why = "pyramid  one level only: a smaller one would be under 64 pixels"
    assert why in nst("pyramid=octaves").out
    assert "pyramid  one level only" not in nst("pyramid=octaves", "size=256").out
    assert "one level only: steps=1 is too few" in nst("pyramid=octaves", "size=256", "steps=1").out
    assert "pyramid  one level only" not in nst("pyramid=single").out


def test_a_busy_folder_stays_busy(tmp_path: Path) -> None:
    with RunFolder(tmp_path), pytest.raises(BusyError), RunFolder(tmp_path):
        pass
