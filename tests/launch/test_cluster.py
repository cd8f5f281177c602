"""Ray and Slurm: runs spread, lost ones marked, interrupted ones gone on with."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Outcome
from tests.launch.two_nodes import RUNS, at_work, records, until

Command = Callable[..., Outcome]

ALONE = ["unshare", "--user", "--map-root-user", "--net"] if os.geteuid() else ["unshare", "--net"]


def _own_network() -> bool:
    try:
        return subprocess.run([*ALONE, "true"], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (extra `cluster`)")
own_network = pytest.mark.skipif(not _own_network(), reason="no network namespace can be made here")


def _is_of(pickled: Path, run: str) -> bool:
    """Whether a submission of submitit's is of this run."""
    from submitit.core.utils import DelayedSubmission

    (job,) = DelayedSubmission.load(pickled).args
    return all(override in run for override in job.overrides if override.startswith("seed="))


@pytest.mark.slow
@ray
@own_network
@pytest.mark.timeout(900)
def test_two_nodes_one_killed_worker_and_one_stopped_node(pictures: Path, tmp_path: Path) -> None:
    command = [
        *ALONE,
        sys.executable,
        "-m",
        "tests.launch.two_nodes",
        tmp_path,
        pictures / "content.png",
        pictures / "style.png",
    ]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'scripts'}"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert told["stranger"][0] == 2
    assert len(told["stranger"][1].splitlines()) == 1
    assert told["status"] == 1
    assert told["records"][told["killed"]]["status"] == "failed"
    lost = {run for run, record in told["records"].items() if "lost" in (record["error"] or "")}
    assert told["killed"] in lost
    assert len(lost) == 2
    assert {record["status"] for run, record in told["records"].items() if run not in lost} == {"done"}
    assert len(told["records"]) == RUNS
    assert set(re.findall("done on (\\S+)", told["out"])) == {"127.0.0.1", "127.0.0.2"}
    assert told["again"] == [0, ""]
    assert {record["status"] for record in told["after"].values()} == {"done"}
    assert told["stopped"] == [130, ["interrupted"]]


@ray
def test_a_cluster_that_does_not_answer_is_told_soon(nst: Command) -> None:
    started = time.monotonic()
    outcome = nst("-m", "hydra/launcher=nst_ray", "hydra.launcher.address=127.0.0.1:9", "seed=1,2")
    assert outcome.status == 2
    assert "no Ray cluster answers at 127.0.0.1:9" in outcome.err
    assert time.monotonic() - started < 10


class TestSlurm:
    def test_the_script_says_what_is_asked_for(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where sbatch would be called, the script is kept."""
        from omegaconf import OmegaConf
        from submitit.slurm.slurm import SlurmExecutor

        from nst.launch.slurm import Slurm

        monkeypatch.setattr(SlurmExecutor, "affinity", classmethod(lambda _: 2))
        parameters: Any = OmegaConf.load(ROOT / "conf/hydra/launcher/nst_slurm.yaml").parameters
        asked = {**parameters, "slurm_partition": "gpu", "gpus_per_node": 1}
        engine = Slurm(tmp_path, "slurm", asked, 3, 1)
        script = engine._executor._executor._make_submission_file_text("run it", "uid")
        for line in (
            "--time=60",
            "--cpus-per-task=4",
            "--mem=8GB",
            "--partition=gpu",
            "--gpus-per-node=1",
            "--signal=USR2@90",
        ):
            assert f"#SBATCH {line}" in script

    def test_an_unknown_parameter_is_refused(self, nst: Command) -> None:
        launcher = (
            "hydra/launcher=nst_slurm",
            "hydra.launcher.cluster=local",
            "+hydra.launcher.parameters.partitoin=a",
        )
        outcome = nst("-m", *launcher, "seed=1,2")
        assert outcome.status == 2
        assert "partitoin" in outcome.err

    @pytest.mark.slow
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR2])
    def test_a_job_that_is_asked_to_end_goes_on_from_its_checkpoint(
        self, pictures: Path, tmp_path: Path, number: int
    ) -> None:
        """SIGTERM leaves the queueing to Slurm, which starts the very same script again: so does the test.

        SIGUSR2, before the time limit, makes submitit do it; its local executor starts the job again by itself.
        """
        command = [
            sys.executable, "-m", "nst.run", "-m", "hydra/launcher=nst_slurm", "hydra.launcher.cluster=local",
            "hydra.launcher.poll_interval=0.2", f"content.image={pictures / 'content.png'}", "size=64",
            "extractor=vgg19_slim", "metrics.network=own",
            f"style.image={pictures / 'style.png'}", "pyramid=single", "steps=300", "seed=1,2", "sweep_dir=swept",
        ]  # fmt: skip
        environment, swept = {**os.environ, "PYTHONPATH": str(ROOT)}, tmp_path / "swept"
        with subprocess.Popen(command, cwd=tmp_path, env=environment) as sweep:
            until(lambda: at_work(swept))
            process, run = next(iter(at_work(swept).items()))
            os.kill(process, number)
            status = sweep.wait(300)
        record = records(swept)[run.name]
        if number == signal.SIGTERM:
            assert (status, record["status"]) == (1, "interrupted")
            assert (run / "checkpoint.npz").is_file()
            (pickled,) = [path for path in (swept / ".slurm").glob("*_submitted.pkl") if _is_of(path, run.name)]
            job = pickled.name.partition("_")[0]
            local = {"SUBMITIT_LOCAL_JOB_ID": job, "SUBMITIT_EXECUTOR": "local", "SUBMITIT_LOCAL_GLOBALID": "0"}
            again = [sys.executable, "-m", "submitit.core._submit", str(swept / ".slurm")]
            subprocess.run(again, cwd=tmp_path, env={**environment, **local}, check=True)
            record = records(swept)[run.name]
        assert record["status"] == "done"
        assert record["resumed_at"]
