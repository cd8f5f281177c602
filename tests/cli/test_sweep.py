"""A sweep completes, reports how each run ended, and continues after it was stopped."""

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from nst.image.io import read_image
from nst.observers import history
from nst.report import plan
from nst.runner import checkpoint
from tests.conftest import ROOT, Outcome

Command = Callable[..., Outcome]


def statuses(folder: Path) -> dict[str, str]:
    return {path.parent.name: json.loads(path.read_text())["status"] for path in folder.glob("*/result.json")}


class TestSweep:
    PARTLY_FAILING = (
        "-m",
        "optimizer=sgd",
        "optimizer.box=false",
        "optimizer.learning_rate=1e-3,1e20,-1,1e-2",
        "sweep_dir=swept",
    )

    def test_a_diverged_and_a_failed_run_do_not_stop_the_other_runs(self, nst: Command) -> None:
        outcome = nst(*self.PARTLY_FAILING)
        assert outcome.status == 1
        found = statuses(Path("swept"))
        assert sorted(found.values()) == ["diverged", "done", "done", "failed"]
        assert "4 runs: " in outcome.out
        assert "2 done" in outcome.out
        assert "optimizer.learning_rate must be above 0" in outcome.out
        failed = next(Path("swept") / name for name, status in found.items() if status == "failed")
        with Path("swept/report/summary.csv").open(newline="") as file:
            rates = {row["status"]: row["optimizer.learning_rate"] for row in csv.DictReader(file)}
        assert float(rates["failed"]) == -1
        assert "above 0" in json.loads((failed / "result.json").read_text())["error"]
        assert "above 0" in (failed / "run.log").read_text()
        for file in ("index.html", "sheet.png", "summary.csv"):
            assert (Path("swept/report") / file).is_file()

    def test_a_repeated_sweep_executes_only_unfinished_runs(self, nst: Command) -> None:
        nst(*self.PARTLY_FAILING)
        pictures = {path: path.stat().st_mtime_ns for path in Path("swept").glob("*/result.png")}
        done = [path for path in pictures if statuses(Path("swept"))[path.parent.name] == "done"]
        outcome = nst(*self.PARTLY_FAILING)
        assert outcome.status == 1
        assert outcome.out.count("done already") == 2
        assert all(path.stat().st_mtime_ns == pictures[path] for path in done)

    def test_a_diverged_run_that_fails_when_repeated_is_recorded_as_failed(self, nst: Command, pictures: Path) -> None:
        shutil.copy(pictures / "content.png", "mine.png")
        command = ("content.image=mine.png", "optimizer=sgd", "optimizer.box=false", "optimizer.learning_rate=1e20")
        nst(*command, "hydra.run.dir=run")
        assert json.loads(Path("run/result.json").read_text())["status"] == "diverged"
        Path("mine.png").unlink()
        assert nst(*command, "hydra.run.dir=run").status == 2
        record = json.loads(Path("run/result.json").read_text())
        assert (record["status"], "mine.png" in record["error"]) == ("failed", True)
        assert nst("content.image=nosuch.png", "hydra.run.dir=run").status == 2

    def test_a_sweep_without_failures_exits_with_0(self, nst: Command) -> None:
        assert nst("seed=1,2", "-m", "sweep_dir=swept").status == 0
        assert set(statuses(Path("swept")).values()) == {"done"}

    def test_run_names_omit_the_group_loss(self, nst: Command) -> None:
        nst("-m", "loss.style.weight=1,2", "sweep_dir=swept")
        assert all("style.weight=" in name and "loss." not in name for name in statuses(Path("swept")))

    def test_an_unknown_metric_is_refused_before_the_first_run(self, nst: Command) -> None:
        outcome = nst("-m", "seed=1,2", "score=[style_distanse]", "sweep_dir=swept")
        assert outcome.status == 2
        assert "did you mean 'style_distance'?" in outcome.err
        assert not list(Path().rglob("result.json"))

    def test_a_run_locked_by_another_process_is_skipped(self, nst: Command) -> None:
        from nst.runner.folder import RunFolder

        nst("-m", "seed=1,2", "sweep_dir=swept")
        (locked, unlocked) = sorted(Path("swept").glob("*seed=*"))
        for folder in (locked, unlocked):
            (folder / "result.json").unlink()
        before = (locked / "result.png").stat().st_mtime_ns
        with RunFolder(locked):
            outcome = nst("-m", "seed=1,2", "sweep_dir=swept")
        assert "another process" in outcome.err
        assert outcome.status == 1
        assert (locked / "result.png").stat().st_mtime_ns == before
        assert statuses(Path("swept")) == {unlocked.name: "done"}

    def test_a_sweep_builds_the_network_once(self, nst: Command) -> None:
        from nst.extractor import vgg19_slim

        vgg19_slim._load.cache_clear()
        weights = ",".join(str(weight) for weight in range(1, 9))
        nst("-m", f"loss.style.weight={weights}", "sweep_dir=swept", "steps=1")
        assert len(statuses(Path("swept"))) == 8
        assert vgg19_slim._load.cache_info().misses == 1


class TestInterruptedSweep:
    """Runs that were not begun are counted, after either signal."""

    @pytest.mark.parametrize(
        "swept",
        [
            ("loss.style.weight=1,2", "optimizer=adam,lbfgs", "seed=3"),
            ("optimizer@optimizer.optimizer=adam,sgd", "optimizer=averaged", "metrics.network=own", "score=[ssim]"),
            ("jitter=0,1", "optimizer=adam", "+observers.mine=null", "loss.style.layers=[block1_conv1]"),
            ("--config-dir=mine", "sweep=tiny", "seed=range(1,3)", "init=glob(no*)"),
        ],
    )
    def test_the_plan_names_the_folders_of_all_runs(self, nst: Command, swept: tuple[str, ...]) -> None:
        tiny = Path("mine/sweep/tiny.yaml")
        tiny.parent.mkdir(parents=True)
        tiny.write_text("# @package _global_\nhydra: {mode: MULTIRUN, sweeper: {params: {color: 'free,histogram'}}}\n")
        assert nst("-m", *swept, "sweep_dir=swept", "steps=1").status == 0
        names = json.loads(Path("swept/.sweep.json").read_text())["runs"]
        assert sorted(names) == sorted(path.parent.name for path in Path("swept").glob("*/result.json"))
        assert len(names) > 1
        assert plan.not_started(Path("swept")) == 0
        for name in names[1:]:
            shutil.rmtree(Path("swept") / name)
        assert plan.not_started(Path("swept")) == len(names) - 1

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    @pytest.mark.parametrize("launcher", ["basic", "nst_joblib"])
    def test_the_table_and_the_report_count_the_runs_that_were_not_started(
        self, pictures: Path, tmp_path: Path, number: int, launcher: str
    ) -> None:
        folder = tmp_path / "swept"
        settings = [part for part in TestResume().command(pictures, "") if not part.startswith(("hydra.", "steps="))]
        command = [*settings, "-m", "steps=100000", "seed=1,2,3,4", f"sweep_dir={folder}", f"hydra/launcher={launcher}"]
        command += ["hydra.launcher.n_jobs=1"] if launcher == "nst_joblib" else []
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            wait_for(lambda: list(folder.glob("*/checkpoint.npz")))
            process.send_signal(number)
            out, _ = process.communicate(timeout=120)
        assert process.returncode == 128 + number
        assert "1 run: 1 interrupted; 3 runs of the sweep were not started" in out
        assert '"notStarted":3' in (folder / "report/data.js").read_text()
        printed = subprocess.run(
            [sys.executable, "-m", "nst.report", str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        assert "3 runs of their sweeps were not started" in printed


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="module")
def uninterrupted(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the run of `TestResume`, without interruption."""
    folder = tmp_path_factory.mktemp("whole")
    assert TestResume().start(pictures, str(folder)).wait(120) == 0
    return folder


class TestResume:
    """The command in a separate process, stopped and repeated."""

    STEPS = 150

    def command(self, pictures: Path, folder: str) -> list[str]:
        return [
            *(sys.executable, "-m", "nst.run"),
            *(f"content.image={pictures / 'content.png'}", f"style.image={pictures / 'style.png'}"),
            *(
                "extractor=vgg19_slim",
                "metrics.network=own",
                "size=80",
                f"steps={self.STEPS}",
                "optimizer.history=5",
                "checkpoint=0.05",
            ),
            *("observers.history.every=1", "observers.tensorboard.every=2", f"hydra.run.dir={folder}"),
        ]

    def start(self, pictures: Path, folder: str) -> subprocess.Popen[bytes]:
        environment, none = {**os.environ, "PYTHONPATH": str(ROOT)}, subprocess.DEVNULL
        return subprocess.Popen(self.command(pictures, folder), env=environment, stdout=none, stderr=none)

    @staticmethod
    def wait(process: subprocess.Popen[bytes], until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120
        while not until() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)

    @staticmethod
    def checkpointed_evaluation(folder: Path) -> int:
        """The evaluation of the checkpoint in `folder`; 0 if there is none."""
        try:
            with np.load(folder / checkpoint.FILE) as file:
                return json.loads(str(file["header"]))["evaluation"]
        except FileNotFoundError:
            return 0

    def assert_same_result(self, folder: Path, uninterrupted: Path) -> None:
        np.testing.assert_array_equal(read_image(folder / "result.png"), read_image(uninterrupted / "result.png"))
        resumed, expected = (json.loads((path / "result.json").read_text()) for path in (folder, uninterrupted))
        assert (resumed["status"], resumed["evaluations"]) == ("done", expected["evaluations"])
        assert resumed["metrics"] == expected["metrics"]
        assert resumed["weighted"] == expected["weighted"]
        curve, expected_curve = (
            [{k: v for k, v in row.items() if k != "seconds"} for row in history.read(path / history.FILE)]
            for path in (folder, uninterrupted)
        )
        assert curve == expected_curve
        assert not (folder / "checkpoint.npz").exists()
        assert not list(folder.rglob("*part"))
        assert self.tensorboard_events(folder) == self.tensorboard_events(uninterrupted)

    @staticmethod
    def tensorboard_events(folder: Path) -> dict[str, list[tuple[int, bytes]]]:
        """TensorBoard's curves and pictures, without timings."""
        assert len(list(folder.glob("events.*"))) == 1
        events = EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
        return {
            tag: [(event.step, event.tensor_proto.SerializeToString()) for event in events.Tensors(tag)]
            for tag in events.Tags()["tensors"]
            if tag not in ("speed/seconds_per_evaluation", "config")
        }

    def stop_and_repeat(self, pictures: Path, folder: Path, number: int) -> int:
        first = self.start(pictures, str(folder))
        self.wait(first, lambda: self.checkpointed_evaluation(folder) > 1)
        first.send_signal(number)
        first.wait(60)
        assert self.start(pictures, str(folder)).wait(120) == 0
        return first.returncode

    @pytest.mark.parametrize(
        ("number", "status"),
        [
            (signal.SIGKILL, -9),
            pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow),
            pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow),
        ],
    )
    def test_a_stopped_and_repeated_run_ends_with_the_same_pixels(
        self, pictures: Path, uninterrupted: Path, tmp_path: Path, number: int, status: int
    ) -> None:
        assert self.stop_and_repeat(pictures, tmp_path / "stopped", number) == status
        self.assert_same_result(tmp_path / "stopped", uninterrupted)
        record = json.loads((tmp_path / "stopped" / "result.json").read_text())
        assert record["resumed_at"] > 1

    @pytest.mark.slow
    @pytest.mark.timeout(1800)  # forty starts of TensorFlow
    def test_a_run_killed_at_any_moment_and_repeated_ends_with_the_same_pixels(
        self, pictures: Path, uninterrupted: Path, tmp_path: Path
    ) -> None:
        duration = float(history.read(uninterrupted / history.FILE)[-1]["seconds"])
        random_, resumed = random.Random(5), 0  # noqa: S311
        for number in range(20):
            folder = tmp_path / f"killed{number}"
            process = self.start(pictures, str(folder))
            if number % 4:  # during its steps or near its end
                self.wait(process, (folder / history.FILE).exists)
                time.sleep(random_.uniform(0.2, 1.2) * duration)
            else:  # at any moment
                time.sleep(random_.uniform(0, 10))
            process.kill()
            process.wait(60)
            if (folder / "result.png").exists():
                read_image(folder / "result.png")
            if (folder / "result.json").exists():
                json.loads((folder / "result.json").read_text())
            assert self.start(pictures, str(folder)).wait(120) == 0
            self.assert_same_result(folder, uninterrupted)
            resumed += bool(json.loads((folder / "result.json").read_text())["resumed_at"])
        assert resumed >= 8
