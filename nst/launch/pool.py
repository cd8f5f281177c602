"""Several processes of this machine, by joblib (`hydra/launcher=nst_joblib`)."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import BrokenProcessPool

from nst import signals
from nst.errors import InputError, check_count
from nst.launch.job import INTERRUPTED, Job, Outcome, perform
from nst.launch.launch import Engine, remaining

LOST = "its process was lost (killed, or out of memory); repeating the command goes on with it"


class Pool(Engine):
    """Workers that take one job after the other; each imports TensorFlow once.

    Where a worker is lost, joblib gives up all of them: those jobs that were at work are then done again, from their
    checkpoints, each alone, so that only the one that loses its process again is lost.

    Args:
        n_jobs: workers, at least 1; None is one for every two processors.
        threads: of each; None divides the processors among the workers.
    """

    def __init__(self, n_jobs: int | None, threads: int | None) -> None:
        processors = len(os.sched_getaffinity(0))
        self.n_jobs = max(1, processors // 2) if n_jobs is None else n_jobs
        check_count("hydra.launcher.n_jobs", self.n_jobs, at_least=1)
        self.threads = max(1, processors // self.n_jobs) if threads is None else threads
        check_count("hydra.launcher.threads", self.threads, at_least=1)
        if self.n_jobs > processors:
            raise InputError(f"hydra.launcher.n_jobs is {self.n_jobs}, and there are {processors} processors")

    def outcomes(self, jobs: Sequence[Job], interrupt: signals.Interrupt) -> Iterator[Outcome]:
        """Do them."""
        with tempfile.TemporaryDirectory() as crew:
            self._crew = Path(crew)
            waiting = iter([replace(job, threads=self.threads, crew=self._crew) for job in jobs])
            begun: dict[int, Job] = {}

            def feed() -> Iterator[Job]:
                for job in remaining(waiting, interrupt):
                    begun[job.num] = job
                    yield job

            while True:
                try:
                    for outcome in self._parallel(self.n_jobs, feed()):
                        del begun[outcome.num]
                        yield outcome
                    return
                except BrokenProcessPool:
                    for job in list(begun.values()):
                        yield self._alone(job, interrupt)
                    begun.clear()

    def stop(self) -> None:
        """Pass it on. The terminal's Ctrl-C has reached them already; a second SIGTERM does nothing."""
        for file in self._crew.iterdir():
            with suppress(ProcessLookupError):
                os.kill(int(file.name), signal.SIGTERM)

    def _alone(self, job: Job, interrupt: signals.Interrupt) -> Outcome:
        if interrupt():
            return Outcome(job.num, float("nan"), INTERRUPTED[1])
        try:
            return next(iter(self._parallel(2, [job])))  # one worker would be this process
        except BrokenProcessPool:
            return Outcome(job.num, float("nan"), 1, lost=LOST)

    def _parallel(self, n_jobs: int, jobs: Iterable[Job]) -> Iterable[Outcome]:
        options: Any = {"return_as": "generator_unordered", "pre_dispatch": "n_jobs", "batch_size": 1}
        done: Any = Parallel(n_jobs, backend="loky", **options)(delayed(perform)(job) for job in jobs)
        return done
