"""Run a sweep in several processes on this machine (`hydra/launcher=nst_joblib`)."""

import atexit
import os
import shutil
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from typing import Any

import psutil
from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import BrokenProcessPool

from nst.launch.engine import MOMENT, Engine
from nst.launch.job import Job, Outcome, perform
from nst.runtime import signals, temporary
from nst.runtime.device import check_threads, processors

LOST = "its process was lost (killed, or out of memory); repeat the command to continue it"


class Pool(Engine):
    """Workers that execute one job after another; each imports TensorFlow once.

    If one process of a pool dies, joblib gives up the whole pool. So each worker is a separate pool with one process,
    and a lost worker affects no other job.

    Args:
        n_jobs: number of workers, at least 1; None: one per two processors.
        threads: processor threads of each worker, at least 1; None divides the processors among the workers.

    Raises:
        InputError: a value is below 1 or above the number of processors.
    """

    def __init__(self, n_jobs: int | None, threads: int | None) -> None:
        n_jobs = max(1, processors() // 2) if n_jobs is None else n_jobs
        self.n_jobs = check_threads("hydra.launcher.n_jobs", n_jobs)
        threads = max(1, processors() // n_jobs) if threads is None else threads
        self.threads = check_threads("hydra.launcher.threads", threads)
        self._idle: list[Any] = []
        self._at_work: dict[Future[Outcome], tuple[Any, Job]] = {}
        folder = temporary.folder()
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        self._stop = folder / "stop"

    def free_slots(self) -> int:
        """Return the number of idle workers."""
        return self.n_jobs - len(self._at_work)

    def begin(self, jobs: Sequence[Job]) -> None:
        """Give each job to an idle worker or a new one."""
        for job in jobs:
            worker = self._idle.pop() if self._idle else _worker()
            given = replace(job, threads=self.threads, stop=self._stop)
            self._at_work[worker.submit(_perform, given)] = worker, job

    def ended(self) -> list[Outcome]:
        """Collect the outcomes."""
        done, _ = wait(self._at_work, timeout=MOMENT, return_when=FIRST_COMPLETED)
        return [self._outcome(future, *self._at_work.pop(future)) for future in done]

    def stop(self) -> None:
        """Let each job send itself SIGTERM; after Ctrl-C in a terminal it has a signal, and a second ends set-up.

        Another process cannot send it on Windows, where that kills.
        """
        self._stop.touch()

    def _outcome(self, future: Future[Outcome], worker: Any, job: Job) -> Outcome:
        try:
            outcome = future.result()
        except BrokenProcessPool:
            return Outcome(job.num, float("nan"), 1, lost=LOST)
        self._idle.append(worker)
        return outcome


_at_work = threading.Lock()  # in a worker: held during a job


def _worker() -> Any:
    return ProcessPoolExecutor(1, initializer=_start, initargs=(os.getpid(),))


def _perform(job: Job) -> Outcome:
    with _at_work:
        return perform(job)


def _start(command: int) -> None:
    """Prepare a worker of the process `command`.

    It ignores signals, since an idle worker has nothing to save, and the command ends it. It ends with the command,
    even if that is killed.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_after, args=(command,), daemon=True).start()


def _end_after(command: int) -> None:
    """End this process once its parent `command` has ended; a job that is at work first writes its checkpoint."""
    while os.getppid() == command and psutil.pid_exists(command):  # Windows keeps the number of an ended parent
        time.sleep(MOMENT)
    while not _at_work.acquire(timeout=MOMENT):
        signals.send_to_self(signal.SIGTERM)  # repeated, because a job that is about to begin ignores it
    os._exit(1)
