"""What all engines share: from Hydra's overrides to jobs, and from outcomes to what Hydra wants back."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

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
    top, here = Path(str(config.hydra.sweep.dir)).absolute(), Path.cwd()
    jobs = [Job(first + k, tuple(given), context.config_loader, config, top, here) for k, given in enumerate(batch)]
    returned: dict[int, JobReturn] = {}
    with signals.deferred(engine.stop) as interrupt:
        for outcome in engine.outcomes(jobs, interrupt):
            job = jobs[outcome.num - first]
            run = _mark(job, outcome.lost) if outcome.lost else outcome.run
            sweep.note(outcome.status)
            returned[job.num] = JobReturn(overrides=job.overrides, status=JobStatus.COMPLETED)
            returned[job.num].return_value = outcome.value
            log.info("%d of %d  %s  %s", len(returned), len(jobs), _told(outcome), run)
    interrupt.resume()
    return [returned[job.num] for job in jobs]


def _mark(job: Job, why: str) -> str:
    """Let the record of a run whose process was lost say so; its folder's name."""
    config: Any = job.composed()
    folder = job.folder(config)
    own: Any = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
    told = config.hydra
    try:
        experiment.record_loss(
            experiment.Request(own, folder, list(told.overrides.task), dict(told.runtime.choices)), InputError(why)
        )
    except InputError as error:  # it is at work after all, or the folder cannot be had
        log.warning("%s", error)
    return folder.name


def _told(outcome: Outcome) -> str:
    how = {0: "done", 2: "refused", **dict.fromkeys(INTERRUPTED, "interrupted")}.get(outcome.status, "failed")
    return (outcome.lost or how) + (f" on {outcome.place}" if outcome.place else "")


def remaining(jobs: Iterable[Job], interrupt: signals.Interrupt) -> Iterator[Job]:
    """`jobs`, until `interrupt`."""
    for job in jobs:
        if interrupt():
            return
        yield job
