"""A sweep finishes, says what became of each run, and goes on where it was stopped."""

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
from nst.runner import checkpoint
from tests.conftest import ROOT, Outcome

Command = Callable[..., Outcome]


def statuses(folder: Path) -> dict[str, str]:
    return {path.parent.name: json.loads(path.read_text())["status"] for path in folder.glob("*/result.json")}


class TestASweep:
    BAD = ("-m", "optimizer=sgd", "optimizer.box=false", "optimizer.learning_rate=1e-3,1e20,-1,1e-2", "sweep_dir=swept")

    def test_a_diverged_and_a_failed_run_do_not_stop_the_rest(self, nst: Command) -> None:
        outcome = nst(*self.BAD)
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

    def test_the_same_again_does_only_what_is_missing(self, nst: Command) -> None:
        nst(*self.BAD)
        pictures = {path: path.stat().st_mtime_ns for path in Path("swept").glob("*/result.png")}
        done = [path for path in pictures if statuses(Path("swept"))[path.parent.name] == "done"]
        outcome = nst(*self.BAD)
        assert outcome.status == 1
        assert outcome.out.count("done already") == 2
        assert all(path.stat().st_mtime_ns == pictures[path] for path in done)

    def test_one_that_fails_when_it_is_repeated_is_failed(self, nst: Command, pictures: Path) -> None:
        shutil.copy(pictures / "content.png", "mine.png")
        command = ("content.image=mine.png", "optimizer=sgd", "optimizer.box=false", "optimizer.learning_rate=1e20")
        nst(*command, "hydra.run.dir=run")
        assert json.loads(Path("run/result.json").read_text())["status"] == "diverged"
        Path("mine.png").unlink()
        assert nst(*command, "hydra.run.dir=run").status == 2
        told = json.loads(Path("run/result.json").read_text())
        assert (told["status"], "mine.png" in told["error"]) == ("failed", True)
        assert nst("content.image=nosuch.png", "hydra.run.dir=run").status == 2

    def test_all_done_is_status_0(self, nst: Command) -> None:
        assert nst("seed=1,2", "-m", "sweep_dir=swept").status == 0
        assert set(statuses(Path("swept")).values()) == {"done"}

    def test_names_of_runs_are_short(self, nst: Command) -> None:
        nst("-m", "loss.style.weight=1,2", "sweep_dir=swept")
        assert all("style.weight=" in name and "loss." not in name for name in statuses(Path("swept")))

    def test_a_wrong_metric_is_refused_before_the_first_job(self, nst: Command) -> None:
        outcome = nst("-m", "seed=1,2", "score=[style_distanse]", "sweep_dir=swept")
        assert outcome.status == 2
        assert "did you mean 'style_distance'?" in outcome.err
        assert not list(Path().rglob("result.json"))

    def test_a_run_that_another_process_writes_is_left_alone(self, nst: Command) -> None:
        from nst.runner.folder import RunFolder

        nst("-m", "seed=1,2", "sweep_dir=swept")
        (one, other) = sorted(Path("swept").glob("*seed=*"))
        for folder in (one, other):
            (folder / "result.json").unlink()
        before = (one / "result.png").stat().st_mtime_ns
        with RunFolder(one):
            outcome = nst("-m", "seed=1,2", "sweep_dir=swept")
        assert "another process" in outcome.err
        assert outcome.status == 1
        assert (one / "result.png").stat().st_mtime_ns == before
        assert statuses(Path("swept")) == {other.name: "done"}

    def test_the_network_is_built_once(self, nst: Command) -> None:
        from nst.extractor import vgg19_slim

        vgg19_slim._load.cache_clear()
        weights = ",".join(str(weight) for weight in range(1, 9))
        nst("-m", f"loss.style.weight={weights}", "sweep_dir=swept", "steps=1")
        assert len(statuses(Path("swept"))) == 8
        assert vgg19_slim._load.cache_info().misses == 1


@pytest.fixture(scope="module")
def whole(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `TestGoingOn` stops, never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    assert TestGoingOn().start(pictures, str(folder)).wait(120) == 0
    return folder


class TestGoingOn:
    """The command in a process of its own, stopped and repeated."""

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
    def kept(folder: Path) -> int:
        """The evaluation of the checkpoint in there; 0 where there is none."""
        try:
            with np.load(folder / checkpoint.FILE) as file:
                return json.loads(str(file["header"]))["evaluation"]
        except FileNotFoundError:
            return 0

    def same(self, folder: Path, whole: Path) -> None:
        np.testing.assert_array_equal(read_image(folder / "result.png"), read_image(whole / "result.png"))
        ours, theirs = (json.loads((path / "result.json").read_text()) for path in (folder, whole))
        assert (ours["status"], ours["evaluations"]) == ("done", theirs["evaluations"])
        assert ours["metrics"] == theirs["metrics"]
        assert ours["weighted"] == theirs["weighted"]
        curve, wanted = (
            [{k: v for k, v in row.items() if k != "seconds"} for row in history.read(path / history.FILE)]
            for path in (folder, whole)
        )
        assert curve == wanted
        assert not (folder / "checkpoint.npz").exists()
        assert not list(folder.rglob("*.part"))
        assert self.told(folder) == self.told(whole)

    @staticmethod
    def told(folder: Path) -> dict[str, list[tuple[int, bytes]]]:
        """TensorBoard's curves and pictures, without the clock's."""
        assert len(list(folder.glob("events.*"))) == 1
        events = EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
        return {
            tag: [(event.step, event.tensor_proto.SerializeToString()) for event in events.Tensors(tag)]
            for tag in events.Tags()["tensors"]
            if tag not in ("speed/seconds_per_evaluation", "config")
        }

    def stop_and_repeat(self, pictures: Path, folder: Path, number: int) -> int:
        first = self.start(pictures, str(folder))
        self.wait(first, lambda: self.kept(folder) > 1)
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
    def test_stopped_in_the_middle_it_ends_with_the_same_pixels(
        self, pictures: Path, whole: Path, tmp_path: Path, number: int, status: int
    ) -> None:
        assert self.stop_and_repeat(pictures, tmp_path / "stopped", number) == status
        self.same(tmp_path / "stopped", whole)
        record = json.loads((tmp_path / "stopped" / "result.json").read_text())
        assert record["resumed_at"] > 1

    @pytest.mark.slow
    @pytest.mark.timeout(1800)  # forty starts of TensorFlow
    def test_killed_at_any_moment_it_ends_with_the_same_pixels(
        self, pictures: Path, whole: Path, tmp_path: Path
    ) -> None:
        lasted = float(history.read(whole / history.FILE)[-1]["seconds"])
        moments, resumed = random.Random(5), 0  # noqa: S311
        for number in range(20):
            folder = tmp_path / f"killed{number}"
            process = self.start(pictures, str(folder))
            if number % 4:  # while it takes steps, or is about to end
                self.wait(process, (folder / history.FILE).exists)
                time.sleep(moments.uniform(0.2, 1.2) * lasted)
            else:  # at any moment
                time.sleep(moments.uniform(0, 10))
            process.kill()
            process.wait(60)
            if (folder / "result.png").exists():
                read_image(folder / "result.png")
            if (folder / "result.json").exists():
                json.loads((folder / "result.json").read_text())
            assert self.start(pictures, str(folder)).wait(120) == 0
            self.same(folder, whole)
            resumed += bool(json.loads((folder / "result.json").read_text())["resumed_at"])
        assert resumed >= 8
