"""The code that all launchers share: Hydra's overrides to jobs, and outcomes to Hydra's return values."""

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
from nst.runner.request import Request, as_given
from nst.runtime import logs, signals

log = logging.getLogger(__name__)

MOMENT = 1.0  # seconds that `Engine.ended` waits, at most


class Engine(ABC):
    """Base of the engines that execute jobs. Each command creates one, for all of its batches."""

    @abstractmethod
    def free_slots(self) -> int:
        """Return the number of jobs that may begin now."""

    @abstractmethod
    def begin(self, jobs: Sequence[Job]) -> None:
        """Begin `jobs`, at most `free_slots()` of them."""

    @abstractmethod
    def ended(self) -> list[Outcome]:
        """Return the outcomes of jobs that ended since the last call; wait `MOMENT` seconds at most."""

    @abstractmethod
    def stop(self) -> None:
        """Ask all jobs that have begun to end early."""


def launch(
    engine: Engine, context: HydraContext, config: DictConfig, batch: Sequence[Sequence[str]], first: int
) -> list[JobReturn]:
    """Do a batch of jobs and return Hydra's results in its order: the scores; nan after a failure, None if interrupted.

    Args:
        engine: executes the jobs.
        context: Hydra's, with the config loader.
        config: the config of the sweep, Hydra's part included.
        batch: the overrides of each job.
        first: the number of the first job in the sweep.

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
    """Yield the outcome of every job that begins; after a signal no further job begins."""
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
    """Record a run as failed because its process was lost; return the name of its folder."""
    folder = job.top
    try:
        config: Any = job.composed()
        folder = job.folder(config)
        own: Any = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
        choices = dict(config.hydra.runtime.choices)
        request = Request(own, folder, as_given(config.hydra.overrides.task), choices)
        record_loss(request, InputError(why))
    except Exception as error:  # noqa: BLE001  a run that is still active, a full disk: the other runs continue
        log.warning("%s: its failure cannot be recorded (%s)", folder.name, error)
    return folder.name


def _description(outcome: Outcome) -> str:
    how = {0: "done", 2: "refused", **dict.fromkeys(INTERRUPTED, "interrupted")}.get(outcome.status, "failed")
    return (outcome.lost or how) + (f" on {outcome.place}" if outcome.place else "")
