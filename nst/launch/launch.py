"""What all engines share: from Hydra's overrides to jobs, and from outcomes to what Hydra wants back."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict

from nst import experiment, logs, signals, sweep
from nst.errors import InputError
from nst.launch.job import INTERRUPTED, Job, Outcome

log = logging.getLogger(__name__)


class Engine:
    """Where jobs are done."""

    @abstractmethod
    def outcomes(self, jobs: Sequence[Job], interrupt: signals.Interrupt) -> Iterable[Outcome]:
        """Do `jobs` and tell of each as it ends; once `interrupt` is true, no more of them are begun.

        A job that was not begun is not told of.
        """

    def stop(self) -> None:
        """Ask the jobs that are at work to end with what they have. Called from a signal's handler."""


def launch(
    engine: Engine, context: HydraContext, config: DictConfig, batch: Sequence[Sequence[str]], first: int
) -> list[JobReturn]:
    """Do a batch of jobs, given by their overrides; what each returned, in their order.

    Raises:
        KeyboardInterrupt, SystemExit: after a signal, once every job that was begun has ended.
    """
    logs.to_console()
    setup_globals()
    jobs = [_job(context, config, overrides, first + k) for k, overrides in enumerate(batch)]
    by_num = {job.num: job for job in jobs}
    returned: dict[int, JobReturn] = {}
    with signals.deferred(engine.stop) as interrupt:
        for outcome in engine.outcomes(jobs, interrupt):
            job = by_num[outcome.num]
            if outcome.lost:
                _mark(job, outcome.lost)
            sweep.note(outcome.status)
            returned[outcome.num] = _returned(job, outcome)
            log.info("%d of %d  %s", len(returned), len(jobs), _told(job, outcome))
    interrupt.resume()
    return [returned[job.num] for job in jobs]


def _job(context: HydraContext, config: DictConfig, overrides: Sequence[str], num: int) -> Job:
    composed = context.config_loader.load_sweep_config(config, list(overrides))
    with open_dict(composed):
        composed.hydra.job.id = str(num)
        composed.hydra.job.num = num
    before = HydraConfig.instance().cfg
    HydraConfig.instance().set_config(composed)
    try:
        sub = str(OmegaConf.select(composed, "hydra.sweep.subdir"))
        top = Path(str(OmegaConf.select(composed, "hydra.sweep.dir"))).absolute()
        with open_dict(composed):
            composed.hydra.sweep.dir, composed.hydra.sweep.subdir = str(top), sub
    finally:
        HydraConfig.instance().cfg = before
    return Job(num, tuple(overrides), composed, top / sub, Path.cwd())


def _returned(job: Job, outcome: Outcome) -> JobReturn:
    own = OmegaConf.masked_copy(job.config, [key for key in job.config if key != "hydra"])
    returned = JobReturn(overrides=job.overrides, cfg=own, task_name="nst", status=JobStatus.COMPLETED)
    returned.return_value = outcome.value
    return returned


def _mark(job: Job, why: str) -> None:
    """Let the record of a run whose process was lost say so."""
    own: Any = OmegaConf.masked_copy(job.config, [key for key in job.config if key != "hydra"])
    told = job.config.hydra
    request = experiment.Request(own, job.folder, list(told.overrides.task), dict(told.runtime.choices))
    try:
        experiment.record_loss(request, InputError(why))
    except InputError as error:  # it is at work after all, or the folder cannot be had
        log.warning("%s", error)


def _told(job: Job, outcome: Outcome) -> str:
    how = {0: "done", 2: "refused", **dict.fromkeys(INTERRUPTED, "interrupted")}.get(outcome.status, "failed")
    return f"{outcome.lost or how}  {job.folder.name}" + (f"  on {outcome.place}" if outcome.place else "")


def remaining(jobs: Iterable[Job], interrupt: signals.Interrupt) -> Iterator[Job]:
    """`jobs`, until `interrupt`."""
    for job in jobs:
        if interrupt():
            return
        yield job
