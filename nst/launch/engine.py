"""What all engines share: from Hydra's overrides to jobs, and from outcomes to what Hydra wants back."""

import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from nst.cli import session
from nst.errors import InputError
from nst.launch.job import INTERRUPTED, Job, Outcome
from nst.runner.record import record_loss
from nst.runner.request import Request
from nst.runtime import logs, signals

log = logging.getLogger(__name__)

MOMENT = 1.0  # seconds within which an engine looks up from its work


class Engine(ABC):
    """Where jobs are done. It is made once per command, and does one batch after the other."""

    @abstractmethod
    def free_slots(self) -> int:
        """How many jobs may be begun now."""

    @abstractmethod
    def begin(self, jobs: Sequence[Job]) -> None:
        """Begin them; no more than `free_slots` allows."""

    @abstractmethod
    def ended(self) -> list[Outcome]:
        """What came of those that have ended since, after `MOMENT` at the latest."""

    @abstractmethod
    def stop(self) -> None:
        """Ask those that were begun to end with what they have."""


def launch(
    engine: Engine, context: HydraContext, config: DictConfig, batch: Sequence[Sequence[str]], first: int
) -> list[JobReturn]:
    """Do a batch of jobs, given by their overrides; what each returned, in their order.

    A run that was interrupted returns None, one that failed nan.

    Raises:
        KeyboardInterrupt, SystemExit: after a signal, once every job that was begun has ended.
    """
    logs.to_console()
    setup_globals()
    top, here = Path(str(config.hydra.sweep.dir)).absolute(), Path.cwd()
    jobs = [Job(first + k, tuple(given), context.config_loader, config, top, here) for k, given in enumerate(batch)]
    returned: dict[int, JobReturn] = {}
    with signals.deferred() as interrupt:
        for outcome in _outcomes(engine, jobs, interrupt):
            job = jobs[outcome.num - first]
            run = _mark(job, outcome.lost) if outcome.lost else outcome.run
            session.current().statuses.append(outcome.status)
            returned[job.num] = JobReturn(overrides=job.overrides, status=JobStatus.COMPLETED)
            returned[job.num].return_value = outcome.value
            log.info("%d of %d  %s  %s", len(returned), len(jobs), _description(outcome), run)
    interrupt.resume()
    return [returned[job.num] for job in jobs]


def _outcomes(engine: Engine, jobs: Sequence[Job], interrupt: signals.Interrupt) -> Iterator[Outcome]:
    """Of each job that was begun; after a signal no more are."""
    waiting, at_work, stopped = deque(jobs), 0, False
    while at_work or (waiting and not interrupt()):
        if interrupt() and not stopped:
            engine.stop()
            stopped = True
        if not interrupt() and (some := [waiting.popleft() for _ in range(min(engine.free_slots(), len(waiting)))]):
            engine.begin(some)
            at_work += len(some)
        for outcome in engine.ended():
            at_work -= 1
            yield outcome


def _mark(job: Job, why: str) -> str:
    """Let the record of a run whose process was lost say so; its folder's name."""
    folder = job.top
    try:
        config: Any = job.composed()
        folder = job.folder(config)
        own: Any = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
        choices = dict(config.hydra.runtime.choices)
        request = Request(own, folder, list(config.hydra.overrides.task), choices)
        record_loss(request, InputError(why))
    except Exception as error:  # noqa: BLE001  it is at work after all, the disk is full: the other runs go on
        log.warning("%s: what became of it cannot be recorded (%s)", folder.name, error)
    return folder.name


def _description(outcome: Outcome) -> str:
    how = {0: "done", 2: "refused", **dict.fromkeys(INTERRUPTED, "interrupted")}.get(outcome.status, "failed")
    return (outcome.lost or how) + (f" on {outcome.place}" if outcome.place else "")
