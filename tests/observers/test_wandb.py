"""Weights & Biases, offline: its files, read by its own program, agree with the run folder."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from nst.image.io import read_image
from nst.observers.wandb import chosen_mode
from tests.observers import tracked
from tests.observers.tracked import SMALL, TAGGED, Command

pytest.importorskip("wandb", reason="wandb is not installed (extra `wandb`)")
JOBLIB = ("-m", "hydra/launcher=nst_joblib", "hydra.launcher.n_jobs=2", "sweep_dir=swept", "seed=0,1,2", "init=noise")
WANDB = (
    "observers=wandb",
    "observers.wandb.every=1",
    "observers.wandb.images=3",
    "observers.wandb.mode=offline",
    *SMALL,
)


class Fragment(NamedTuple):
    """One of the folders of files of a run."""

    folder: Path
    run: dict[str, Any]
    rows: dict[int, dict[str, Any]]  # {evaluation: row}
    summary: dict[str, Any]
    exit_code: int

    def steps(self, tag: str) -> list[int]:
        return [step for step, row in self.rows.items() if tag in row or f"{tag}.path" in row]

    def picture(self, step: int, tag: str) -> np.ndarray:
        return read_image(self.folder / "files" / self.rows[step][f"{tag}.path"])


def fragments(folder: Path) -> list[Fragment]:
    """All folders of files of the run in `folder`, in order."""
    return [read(file) for file in sorted((folder / "wandb").glob("offline-run-*/*.wandb"))]


def read(file: Path) -> Fragment:
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(file)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    items = [json.loads(line) for line in lines]
    (run,) = (item["run"] for item in items if item["type"] == "run")
    summary: dict[str, Any] = {}
    for item in items:
        summary |= item["summary"].get("update", {}) if item["type"] == "summary" else {}
    rows = [item["history"]["item"] for item in items if item["type"] == "history"]
    assert [row["_step"] for row in rows] == sorted({row["_step"] for row in rows})
    (end,) = (item["exit"] for item in items if item["type"] == "exit")
    return Fragment(file.parent, run, {row["_step"]: row for row in rows}, summary, end.get("exit_code", 0))


def test_the_record_agrees_with_the_run_folder(nst: Command) -> None:
    outcome = nst(*WANDB, *TAGGED, "hydra.run.dir=run")
    assert (outcome.status, outcome.err) == (0, "")
    (found,) = fragments(Path("run"))
    expected = tracked.curves(Path("run"), every=1)
    assert found.steps("loss/total") == list(expected)
    for step, values in expected.items():
        assert {tag: found.rows[step][tag] for tag in values} == pytest.approx(values, rel=1e-6)
    assert found.steps("image/current") == [1, 2, 4]
    assert (found.steps("image/content"), found.steps("image/style")) == ([0], [0])
    np.testing.assert_array_equal(found.picture(4, "image/result"), read_image(Path("run/result.png")))
    np.testing.assert_array_equal(found.picture(4, "image/current"), read_image(Path("run/result.png")))
    assert {tag: found.summary[tag] for tag in tracked.metrics(Path("run"))} == tracked.metrics(Path("run"))
    assert (found.summary["status"], found.exit_code) == ("done", 0)
    assert found.run["config"]["update"].items() >= tracked.config(Path("run")).items()
    assert found.run["config"]["update"]["choices"]["optimizer"] == "adam"
    assert (found.run["tags"], found.run["project"]) == (["draft", "klimt"], "nst")
    assert (found.run["notes"], found.run.get("run_group")) == ("smooth, see https://***@example.org/?***", None)
    assert not [path for path in Path("run").rglob("*") if path.is_file() and b"secret@" in path.read_bytes()]
    assert f"wandb sync run/wandb/offline-run-*-{found.run['run_id']}" in outcome.out


def test_a_resumed_run_continues_its_record(nst: Command) -> None:
    arguments = (*WANDB, "steps=60", "hydra.run.dir=run")
    assert nst(*arguments, tracked.stopper(20)).status == 130
    stopped = tracked.record(Path("run"))["evaluations"]
    assert nst(*arguments).status == 0
    first, second = fragments(Path("run"))
    assert first.run["run_id"] == second.run["run_id"]
    assert (first.summary["status"], first.exit_code) == ("interrupted", 130)
    assert (second.summary["status"], second.exit_code) == ("done", 0)
    assert first.steps("loss/total") == list(range(1, stopped + 1))
    assert second.steps("loss/total") == list(range(stopped + 1, 61))
    assert [*first.steps("image/current"), *second.steps("image/current")] == [1, 30, 60]


@pytest.mark.slow
def test_an_unreachable_server_leaves_offline_files(nst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", 40 * "a")
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    outcome = nst(*WANDB, "observers.wandb.mode=online", "hydra.run.dir=run")
    assert outcome.status == 0
    assert outcome.out.count("W&B cannot be reached") == 1
    (found,) = fragments(Path("run"))
    assert found.steps("loss/total") == [1, 2, 3, 4]


@pytest.mark.slow
def test_the_runs_of_a_parallel_sweep_are_a_group(nst: Command) -> None:
    assert nst(*JOBLIB, *WANDB).status == 0
    runs = [found.run for folder in Path("swept").glob("*/") for found in fragments(folder)]
    assert len({run["run_id"] for run in runs}) == 3
    assert {run["run_group"] for run in runs} == {"swept"}


def test_the_mode_follows_the_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_MODE", "WANDB_BASE_URL", "NST_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert chosen_mode("auto") == "offline"
    (tmp_path / "netrc").write_text(f"machine api.wandb.ai\n  login user\n  password {40 * 'a'}\n")
    assert chosen_mode("auto") == "online"
    monkeypatch.setenv("NST_OFFLINE", "1")
    assert (chosen_mode("auto"), chosen_mode("online")) == ("offline", "online")
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert (chosen_mode("auto"), chosen_mode("offline")) == ("disabled", "offline")
