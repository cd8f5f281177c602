"""Ray and Slurm: runs are distributed, lost runs are marked, interrupted runs continue."""

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
from tests.launch.two_nodes import RUNS, active_runs, records, wait_until

Command = Callable[..., Outcome]

UNSHARE = ["unshare", "--user", "--map-root-user", "--net"] if os.geteuid() else ["unshare", "--net"]


def _can_make_network_namespace() -> bool:
    try:
        return subprocess.run([*UNSHARE, "true"], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (extra `cluster`)")
needs_network_namespace = pytest.mark.skipif(
    not _can_make_network_namespace(), reason="no network namespace can be made here"
)


def _belongs_to(pickled: Path, run: str) -> bool:
    """Whether a pickled submission of submitit belongs to `run`."""
    from submitit.core.utils import DelayedSubmission

    (job,) = DelayedSubmission.load(pickled).args
    return all(override in run for override in job.overrides if override.startswith("seed="))


@pytest.mark.slow
@needs_ray
@needs_network_namespace
@pytest.mark.timeout(900)
def test_a_sweep_completes_after_losing_a_worker_and_a_node(pictures: Path, tmp_path: Path) -> None:
    command = [
        *UNSHARE,
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
    results: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert results["wrong token"][0] == 2
    assert len(results["wrong token"][1].splitlines()) == 1
    assert results["status"] == 1
    assert results["records"][results["killed"]]["status"] == "failed"
    lost = {run for run, record in results["records"].items() if "lost" in (record["error"] or "")}
    assert results["killed"] in lost
    assert len(lost) == 2
    assert {record["status"] for run, record in results["records"].items() if run not in lost} == {"done"}
    assert len(results["records"]) == RUNS
    assert set(re.findall("done on (\\S+)", results["out"])) == {"127.0.0.1", "127.0.0.2"}
    assert results["repeated"] == [0, ""]
    assert {record["status"] for record in results["records after repeat"].values()} == {"done"}
    assert results["interrupted"] == [130, ["interrupted"]]


@needs_ray
def test_an_unreachable_cluster_is_reported_within_seconds(nst: Command) -> None:
    started = time.monotonic()
    outcome = nst("-m", "hydra/launcher=nst_ray", "hydra.launcher.address=127.0.0.1:9", "seed=1,2")
    assert outcome.status == 2
    assert "no Ray cluster answers at 127.0.0.1:9" in outcome.err
    assert time.monotonic() - started < 10


class TestSlurm:
    def test_the_script_has_the_requested_resources(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Build the script without calling sbatch."""
        from omegaconf import OmegaConf
        from submitit.slurm.slurm import SlurmExecutor

        from nst.launch.slurm import Slurm

        monkeypatch.setattr(SlurmExecutor, "affinity", classmethod(lambda _: 2))
        parameters: Any = OmegaConf.load(ROOT / "conf/hydra/launcher/nst_slurm.yaml").parameters
        requested = {**parameters, "slurm_partition": "gpu", "gpus_per_node": 1}
        engine = Slurm(tmp_path, "slurm", requested, 3, 1)
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
    def test_an_interrupted_job_resumes_from_its_checkpoint(self, pictures: Path, tmp_path: Path, number: int) -> None:
        """After SIGTERM, Slurm queues the job again and starts the same script; here the test starts it.

        After SIGUSR2, sent before the time limit, submitit's local executor starts the job again.
        """
        command = [
            sys.executable, "-m", "nst.run", "-m", "hydra/launcher=nst_slurm", "hydra.launcher.cluster=local",
            "hydra.launcher.poll_interval=0.2", f"content.image={pictures / 'content.png'}", "size=64",
            "extractor=vgg19_slim", "metrics.network=own",
            f"style.image={pictures / 'style.png'}", "pyramid=single", "optimizer=adam", "steps=300", "seed=1,2",
            "sweep_dir=swept",
        ]  # fmt: skip
        environment, swept = {**os.environ, "PYTHONPATH": str(ROOT)}, tmp_path / "swept"
        with subprocess.Popen(command, cwd=tmp_path, env=environment) as sweep:
            wait_until(lambda: active_runs(swept))
            process, run = next(iter(active_runs(swept).items()))
            os.kill(process, number)
            status = sweep.wait(300)
        record = records(swept)[run.name]
        if number == signal.SIGTERM:
            assert (status, record["status"]) == (1, "interrupted")
            assert (run / "checkpoint.npz").is_file()
            (pickled,) = [path for path in (swept / ".slurm").glob("*_submitted.pkl") if _belongs_to(path, run.name)]
            job = pickled.name.partition("_")[0]
            local = {"SUBMITIT_LOCAL_JOB_ID": job, "SUBMITIT_EXECUTOR": "local", "SUBMITIT_LOCAL_GLOBALID": "0"}
            restart = [sys.executable, "-m", "submitit.core._submit", str(swept / ".slurm")]
            subprocess.run(restart, cwd=tmp_path, env={**environment, **local}, check=True)
            record = records(swept)[run.name]
        assert record["status"] == "done"
        assert record["resumed_at"]
