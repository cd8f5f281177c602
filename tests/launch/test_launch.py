"""Runs in other processes: same results, all runs reported, lost runs marked."""

import inspect
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from tests.conftest import CONF, ROOT, Outcome
from tests.launch.two_nodes import active_runs

Command = Callable[..., Outcome]
JOBLIB = ("-m", "hydra/launcher=nst_joblib", "hydra.launcher.n_jobs=2", "sweep_dir=swept", "observers=quiet", "size=48")


def records(folder: Path) -> dict[str, dict]:
    return {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/result.json")}


def start_sweep(pictures: Path, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a sweep with Adam, which takes every step: L-BFGS may end early, where nothing is lower."""
    command = [
        sys.executable, "-m", "nst.run", "-m", "extractor=vgg19_slim",
        "metrics.network=own", "size=64", "pyramid=single", "optimizer=adam", "sweep_dir=swept",
        f"content.image={pictures / 'content.png'}", f"style.image={pictures / 'style.png'}", *arguments,
    ]  # fmt: skip
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def wait_until(condition: Callable[[], object], process: subprocess.Popen[str], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("hydra.launcher.n_jobs=0",), "hydra.launcher.n_jobs must be at least 1"),
        (("hydra.launcher.threads=0",), "hydra.launcher.threads must be at least 1"),
        (("hydra.launcher.n_jobs=100000",), "but this process can use only"),
    ],
)
def test_bad_settings_are_refused_with_the_bound(nst: Command, arguments: tuple[str, ...], message: str) -> None:
    outcome = nst(*JOBLIB, "seed=1,2", *arguments)
    assert outcome.status == 2
    assert message in outcome.err
    assert not list(Path().rglob("result.json"))


def test_a_single_run_imports_no_launcher_and_no_search(tmp_path: Path) -> None:
    """Even if they are installed. joblib is not checked: other packages import it."""
    code = (
        "import sys; sys.argv = ['nst', 'extractor=vgg19_slim', 'content=harbor', 'style=ink', 'size=48', 'steps=1']\n"
        "from nst.run import main; assert main() == 0\n"
        "found = {'optuna', 'ray', 'submitit', 'nst.launch', 'nst.search'} & set(sys.modules)\n"
        "assert not found, found"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL, env=environment)


def processes_of(session: int) -> list[int]:
    """The ids of the processes in a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getsid(int(folder.name)) == session:
                found.append(int(folder.name))
    return found


PRESETS = {
    "launcher/nst_joblib": ("nst.launch.joblib.Pool", set(), set()),
    "launcher/nst_ray": ("nst.launch.ray.Cluster", set(), set()),
    "launcher/nst_slurm": ("nst.launch.slurm.Slurm", set(), {"folder"}),
    "sweeper/nst_optuna": ("nst.search.settings.Settings", {"params"}, set()),
}  # {file: class of its settings, keys that are not settings, settings that the file does not list}


def test_every_preset_is_in_the_table() -> None:
    files = (CONF / "hydra").rglob("*.yaml")
    assert {str(file.relative_to(CONF / "hydra").with_suffix("")) for file in files} == set(PRESETS)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_lists_every_setting_of_its_engine(preset: str) -> None:
    name, other_keys, unlisted = PRESETS[preset]
    if "ray" in name:
        pytest.importorskip("ray", reason="Ray is not installed (extra `cluster`)")
    module, _, kind = name.rpartition(".")
    settings = set(inspect.signature(getattr(import_module(module), kind)).parameters)
    listed = set(yaml.safe_load((CONF / "hydra" / f"{preset}.yaml").read_text()))
    assert listed - {"_target_"} - other_keys == settings - unlisted


class TestJoblib:
    def test_runs_in_two_workers_match_runs_in_one_process(self, nst: Command, pictures: Path) -> None:
        """Processors are divided, failures reported, relative paths resolved, and the report is written."""
        shutil.copy(pictures / "content.png", "here.png")
        outcome = nst(*JOBLIB, "content.image=here.png", "seed=1,2", "optimizer=sgd", "optimizer.learning_rate=-1,1e-3")
        assert outcome.status == 1
        found = records(Path("swept"))
        assert sorted(record["status"] for record in found.values()) == ["done", "done", "failed", "failed"]
        threads = len(os.sched_getaffinity(0)) // 2
        done = [record for record in found.values() if record["status"] == "done"]
        assert {record["provenance"]["threads"] for record in done} == {threads}
        assert "4 of 4" in outcome.out
        assert "2 done" in outcome.out
        assert Path("swept/report/index.html").is_file()
        repeated = nst(
            "-m",
            "content.image=here.png",
            "sweep_dir=swept",
            "observers=quiet",
            "size=48",
            "seed=1,2",
            "optimizer=sgd",
            "optimizer.learning_rate=1e-3",
        )
        assert repeated.out.count("done already") == 2

    @pytest.mark.slow
    def test_one_worker_completes_a_sweep(self, nst: Command) -> None:
        outcome = nst(*(a for a in JOBLIB if "n_jobs" not in a), "hydra.launcher.n_jobs=1", "seed=1,2", "threads=1")
        assert outcome.status == 0
        assert re.findall(r"(\d) of 2  done", outcome.out) == ["1", "2"]
        assert "2 runs: 2 done" in outcome.out

    @pytest.mark.slow
    def test_a_killed_worker_loses_only_its_own_run(self, pictures: Path, tmp_path: Path) -> None:
        swept = tmp_path / "swept"
        launcher = ("hydra/launcher=nst_joblib", "hydra.launcher.n_jobs=2", "steps=300", "seed=1,2,3,4")
        with start_sweep(pictures, tmp_path, *launcher) as process:
            wait_until(lambda: len(active_runs(swept)) == 2, process)
            process_id, run = next(iter(active_runs(swept).items()))
            os.kill(process_id, signal.SIGKILL)
            assert process.wait(300) == 1
        found = records(swept)
        assert "lost" in found[run.name]["error"]
        assert sorted(record["status"] for record in found.values()) == ["done"] * 3 + ["failed"]
        with start_sweep(pictures, tmp_path, *launcher) as process:
            assert process.wait(300) == 0
        assert {record["status"] for record in records(swept).values()} == {"done"}

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("number", "status", "kill"),
        [(signal.SIGINT, 130, os.killpg), (signal.SIGTERM, 143, os.kill)],  # Ctrl-C reaches the workers, too
    )
    def test_a_signal_ends_active_runs_with_a_checkpoint(
        self, pictures: Path, tmp_path: Path, number: int, status: int, kill: Callable[[int, int], None]
    ) -> None:
        launcher = ("hydra/launcher=nst_joblib", "hydra.launcher.n_jobs=2", "steps=100000", "seed=1,2,3,4")
        swept = tmp_path / "swept"
        with start_sweep(pictures, tmp_path, *launcher) as process:
            wait_until(lambda: len(list(swept.glob("*/history.csv"))) >= 2, process)
            kill(process.pid, number)
            assert process.wait(60) == status
        found = records(swept)
        assert {record["status"] for record in found.values()} == {"interrupted"}
        assert len(found) == 2
        assert len(list(swept.glob("*/checkpoint.npz"))) == 2

    @pytest.mark.slow
    def test_workers_end_when_their_command_is_killed(self, pictures: Path, tmp_path: Path) -> None:
        """The idle worker at once, the other one with the checkpoint and the record of its run."""
        launcher = ("hydra/launcher=nst_joblib", "hydra.launcher.n_jobs=2", "steps=2,1000000")
        swept = tmp_path / "swept"
        with start_sweep(pictures, tmp_path, *launcher) as process:
            wait_until(lambda: records(swept) and len(list(swept.glob("*/history.csv"))) == 2, process)
            process.kill()
            process.wait(60)
        end = time.monotonic() + 60
        while (left := processes_of(process.pid)) and time.monotonic() < end:
            time.sleep(0.2)
        for process_id in left:
            os.kill(process_id, signal.SIGKILL)
        assert not left
        assert sorted(record["status"] for record in records(swept).values()) == ["done", "interrupted"]
        assert len(list(swept.glob("*/checkpoint.npz"))) == 1

    @pytest.mark.slow
    def test_ctrl_c_with_an_idle_worker_saves_the_active_run(self, pictures: Path, tmp_path: Path) -> None:
        launcher = ("hydra/launcher=nst_joblib", "hydra.launcher.n_jobs=2", "steps=2,600")
        swept = tmp_path / "swept"
        with start_sweep(pictures, tmp_path, *launcher) as process:
            wait_until(lambda: records(swept) and len(list(swept.glob("*/history.csv"))) == 2, process)
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(60) == 130, process.communicate()
        assert sorted(record["status"] for record in records(swept).values()) == ["done", "interrupted"]
        assert len(list(swept.glob("*/checkpoint.npz"))) == 1
        with start_sweep(pictures, tmp_path, *launcher) as process:
            assert process.wait(300) == 0, process.communicate()
        after = records(swept).values()
        assert {record["status"] for record in after} == {"done"}
        assert sum(bool(record["resumed_at"]) for record in after) == 1
