"""Run a sweep as arrays of Slurm jobs, by submitit (`hydra/launcher=nst_slurm`).

Near its time limit a job gets submitit's signal: it ends after its step with a checkpoint and is queued again. A job
that gets SIGTERM (preempted or cancelled) ends in the same way, and Slurm decides whether to queue it again. In both
cases it continues from its checkpoint. `cluster=local` runs jobs as processes on this machine.
"""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import submitit
from submitit.core.utils import FailedJobError, UncompletedJobError

from nst.errors import InputError, check_count, check_name, check_number
from nst.launch.engine import MOMENT, Engine
from nst.launch.job import INTERRUPTED, Job, Outcome, perform
from nst.runtime import signals, system
from nst.runtime.device import processors

ARRAY = 1000  # jobs in one array; Slurm's default MaxArraySize is 1001
FORGOTTEN = 600.0  # seconds after which a preempted job counts as ended


class Resumed:
    """The callable that Slurm runs: the job, again after every interruption."""

    def __call__(self, job: Job) -> Outcome:
        """Do the run; if interrupted, exit without a result so that Slurm can requeue."""
        limit = submitit.JobEnvironment._usr_sig()
        outcome = perform(job, limit)
        if outcome.status == 128 + limit:
            signals.send_to_self(limit)  # submitit handles it now, and queues the job again
        if outcome.status > 128:
            raise SystemExit(outcome.status)
        return outcome

    def checkpoint(self, job: Job) -> submitit.helpers.DelayedSubmission:
        """Submit the same job again; it continues from its checkpoint."""
        return submitit.helpers.DelayedSubmission(self, job)


class Slurm(Engine):
    """One or more arrays of jobs.

    Args:
        folder: for submitit's files, on a file system that all nodes share; readable by its owner only.
        cluster: `slurm`, or `local` for a trial on this machine.
        parameters: of submitit's executor, like `slurm_partition`, `timeout_min`, `gpus_per_node`.
        max_num_timeout: how often a job that reaches its time limit is queued again, at least 0.
        poll_interval: seconds between two checks of the queue, above 0.

    Raises:
        InputError: a value is out of range, submitit rejects the parameters, or this is Windows.
    """

    def __init__(
        self, folder: Path, cluster: str, parameters: Mapping[str, Any], max_num_timeout: int, poll_interval: float
    ) -> None:
        if system.WINDOWS:
            raise InputError("hydra/launcher=nst_slurm does not work on Windows; hydra/launcher=nst_joblib does")
        check_name("hydra.launcher.cluster", cluster, ("slurm", "local"))
        check_count("hydra.launcher.max_num_timeout", max_num_timeout)
        self._local = cluster == "local"
        self._poll_interval = check_number("hydra.launcher.poll_interval", poll_interval, above=0)
        folder.mkdir(0o700, parents=True, exist_ok=True)  # a job contains the addresses of its pictures
        with _as_input_error():
            self._executor = submitit.AutoExecutor(folder, cluster, **{f"{cluster}_max_num_timeout": max_num_timeout})
            self._executor.update_parameters(**{"name": "nst", **parameters})
        self._queued: dict[Any, Job] = {}
        self._preempted: dict[Any, float] = {}
        self._next_look = 0.0

    def free_slots(self) -> int:
        """Return `ARRAY`; on this machine one per two processors, less the jobs that have begun."""
        return max(1, processors() // 2) - len(self._queued) if self._local else ARRAY

    def begin(self, jobs: Sequence[Job]) -> None:
        """Submit `jobs` as one array."""
        with _as_input_error():
            self._queued |= zip(self._executor.map_array(Resumed(), list(jobs)), jobs, strict=True)

    def ended(self) -> list[Outcome]:
        """Check the queue once per poll interval, and collect the outcomes."""
        time.sleep(min(MOMENT, self._poll_interval))
        if time.monotonic() < self._next_look:
            return []
        self._next_look = time.monotonic() + self._poll_interval
        return [_outcome(queued, self._queued.pop(queued)) for queued in list(self._queued) if self._over(queued)]

    def stop(self) -> None:
        """Cancel all jobs; on Slurm, whole arrays."""
        if self._local:
            for queued in self._queued:
                queued.cancel(check=False)
        elif arrays := {queued.job_id.partition("_")[0] for queued in self._queued}:
            subprocess.run(["scancel", *arrays], check=False)  # noqa: S603, S607

    def _over(self, queued: Any) -> bool:
        """Whether the job has ended; one that stays preempted for `FORGOTTEN` seconds counts as ended."""
        if queued.done():
            return True
        if queued.state != "PREEMPTED":
            self._preempted.pop(queued, None)
            return False
        return time.monotonic() - self._preempted.setdefault(queued, time.monotonic()) > FORGOTTEN


@contextmanager
def _as_input_error() -> Iterator[None]:
    """Turn errors of submitit or sbatch into an InputError."""
    try:
        yield
    except (FailedJobError, RuntimeError, NameError, AssertionError, TypeError, ValueError) as error:
        lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        raise InputError(f"hydra/launcher=nst_slurm: {lines[0]}") from error


def _outcome(queued: Any, job: Job) -> Outcome:
    """The outcome of a job that has ended. Its file may hold secrets; it is deleted unless Slurm may use it again."""
    log = Path(queued.paths.stderr)
    try:
        found = queued.result()
    except FailedJobError:
        found = _lost(job, f"its job {queued.job_id} failed (see {log.parent.name}/{log.name})")
    except UncompletedJobError:
        if "CANCELLED" not in queued.state:  # preempted: Slurm may start it again
            state = f"{queued.state}; see {log.parent.name}/{log.name}"
            return _lost(job, f"its job {queued.job_id} ended without a result ({state})")
        found = Outcome(job.num, None, INTERRUPTED[1])
    queued.paths.submitted_pickle.unlink(missing_ok=True)
    return found


def _lost(job: Job, why: str) -> Outcome:
    return Outcome(job.num, float("nan"), 1, lost=why)
