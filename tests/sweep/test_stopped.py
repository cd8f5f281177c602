"""A sweep over a suite that was killed and repeated has the same comparison as one without interruption."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
import yaml

from tests.conftest import ROOT

SMALL = ("extractor=vgg19_slim", "metrics.network=own", "size=64", "pyramid=single", "observers=quiet", "threads=1")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def suite(pictures: Path, tmp_path: Path) -> Path:
    """The folder of a suite `four`, of the four pairs of two pictures."""
    names = [str(pictures / f"{name}.png") for name in ("content", "style")]
    pairs = {f"p{i}{k}": {"content": names[i], "style": names[k]} for i in (0, 1) for k in (0, 1)}
    file = tmp_path / "mine/suite/four.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("# @package _global_\n" + yaml.safe_dump({"defaults": ["/pairs"], "pairs": pairs}))
    return file.parents[1]


def start(suite: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "nst.run", "--config-dir", str(suite), "suite=four", *SMALL, *arguments]
    return subprocess.Popen(
        command,
        cwd=suite.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_after(process: subprocess.Popen[bytes], folder: Path, runs: int) -> None:
    """Kill a command once `runs` of its runs are done."""
    end = time.monotonic() + 200
    while len(list(folder.glob("*/result.json"))) < runs:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    process.kill()
    process.wait(60)


def test_with_two_workers(suite: Path) -> None:
    swept = ("steps=40", "init=noise", "replicates=2", "ablate=['optimizer=adam']")
    joblib = ("hydra/launcher=nst_joblib", "hydra.launcher.n_jobs=2")
    folders = [suite.parent / name for name in ("whole", "killed")]
    assert start(suite, *swept, f"sweep_dir={folders[0]}").wait(300) == 0
    kill_after(start(suite, *swept, *joblib, f"sweep_dir={folders[1]}"), folders[1], 5)
    time.sleep(3)  # workers end with their command
    assert len(list(folders[1].glob("*/result.json"))) < 16
    assert start(suite, *swept, *joblib, f"sweep_dir={folders[1]}").wait(300) == 0
    tables = [(folder / "report/comparison.csv").read_bytes() for folder in folders]
    assert tables[0] == tables[1]
    assert len(list(folders[1].glob("*/result.json"))) == 16


def test_as_a_search(suite: Path) -> None:
    """Every trial that counts has a run on each pair, and their mean as its score."""
    search = ("-m", "hydra/sweeper=nst_optuna", "hydra.sweeper.n_trials=6", "loss.style.weight=interval(1,20)")
    found = suite.parent / "found"
    kill_after(start(suite, *search, "steps=20", f"sweep_dir={found}"), found, 10)
    assert start(suite, *search, "steps=20", f"sweep_dir={found}").wait(300) == 0
    study = optuna.load_study(storage=f"sqlite:///{found}/search.db", study_name="nst")
    counted = [trial for trial in study.trials if trial.value is not None]
    assert len(counted) == 6
    records = [json.loads(path.read_text()) for path in found.glob("*/result.json")]
    assert len(records) == 24
    for trial in counted:
        override = f"loss.style.weight={trial.params['loss.style.weight']}"
        own = [record["score"] for record in records if override in record["overrides"]]
        assert len(own) == 4
        assert trial.value == pytest.approx(sum(own) / 4)
