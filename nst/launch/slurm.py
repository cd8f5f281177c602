"""Slurm, by submitit (`hydra/launcher=nst_slurm`): each job is one of an array.

A job whose time limit is near gets submitit's signal, ends after its step with a checkpoint and goes into the queue
again. One that gets SIGTERM (it is preempted, or cancelled) ends likewise, and leaves it to Slurm whether it is queued
again. Whichever it was, the job goes on from its checkpoint. `cluster=local` runs jobs as processes of this machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import submitit
from submitit.core.utils import FailedJobError, UncompletedJobError

from nst import signals
from nst.errors import InputError, check_name, check_number
from nst.launch.job import INTERRUPTED, Job, Outcome, perform
from nst.launch.launch import Engine


class Resumed:
    """What Slurm runs: the job, again after every interruption."""

    def __call__(self, job: Job) -> Outcome:
        """Do it; where it was asked to end, leave no result behind: there will be another turn."""
        limit = submitit.JobEnvironment._usr_sig()
        with signals.hearing(limit):
            outcome = perform(job)
        if outcome.status == 128 + limit:
            os.kill(os.getpid(), limit)  # now submitit hears it, and queues the job again
        if outcome.status > 128:
            raise SystemExit(outcome.status)
        return outcome

    def checkpoint(self, job: Job) -> submitit.helpers.DelayedSubmission:
        """The same again: it finds its own checkpoint."""
        return submitit.helpers.DelayedSubmission(self, job)


class Slurm(Engine):
    """An array of jobs.

    Args:
        folder: for submitit's own files, on the file system that all nodes share.
        cluster: `slurm`, or `local` to try it on this machine.
        parameters: of submitit's executor, like `slurm_partition`, `timeout_min`, `gpus_per_node`.
        glance: seconds between two looks at the queue, above 0.
    """

    def __init__(self, folder: Path, cluster: str, glance: float, parameters: Mapping[str, Any]) -> None:
        check_name("hydra.launcher.cluster", cluster, ("slurm", "local"))
        self._glance = check_number("hydra.launcher.glance", glance, above=0)
        try:
            self._executor = submitit.AutoExecutor(folder=folder, cluster=cluster)
            self._executor.update_parameters(**{"name": "nst", **parameters})
        except (RuntimeError, NameError, AssertionError, TypeError, ValueError) as error:
            raise InputError(f"hydra/launcher=nst_slurm: {str(error).splitlines()[0]}") from error
        self._queued: dict[Any, Job] = {}

    def outcomes(self, jobs: Sequence[Job], interrupt: signals.Interrupt) -> Iterator[Outcome]:
        """Do them."""
        self._queued = dict(zip(self._executor.map_array(Resumed(), list(jobs)), jobs, strict=True))
        while self._queued:
            for queued in [queued for queued in self._queued if queued.done()]:
                outcome = _outcome(queued, self._queued[queued], interrupt())
                del self._queued[queued]
                yield outcome
            time.sleep(self._glance)

    def stop(self) -> None:
        """Cancel them."""
        for queued in list(self._queued):
            queued.cancel()


def _outcome(queued: Any, job: Job, interrupted: bool) -> Outcome:
    try:
        return queued.result()
    except (UncompletedJobError, FailedJobError):
        if interrupted:
            return Outcome(job.num, float("nan"), INTERRUPTED[0])
        log = Path(queued.paths.stderr)
        why = f"its job {queued.job_id} ended without a word ({queued.state}; see {log.parent.name}/{log.name})"
        return Outcome(job.num, float("nan"), 1, lost=why)
