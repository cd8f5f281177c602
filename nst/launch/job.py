"""One run of a sweep as it travels to another process, and what comes back."""

from __future__ import annotations

import os
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

INTERRUPTED = (128 + signal.SIGINT, 128 + signal.SIGTERM)  # exit statuses of a run that was asked to end


@dataclass(frozen=True)
class Job:
    """A composed run.

    Args:
        num: in the sweep.
        overrides: as the sweeper gave them.
        config: composed, Hydra's part included.
        folder: of the run, absolute.
        here: where the command was given; relative paths in the config start there.
        threads: of the processor where the config leaves it open; None takes all.
        crew: a folder where each process at work leaves a file named like itself; None where nobody asks.
    """

    num: int
    overrides: tuple[str, ...]
    config: DictConfig
    folder: Path
    here: Path
    threads: int | None = None
    crew: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Args:
        num: the job's.
        value: what the run scored; nan where it did not.
        status: the exit status that it would have had as a command.
        place: the machine it ran on.
        lost: why there is no other word of it, where its process did not come back.
    """

    num: int
    value: Any
    status: int
    place: str = ""
    lost: str = ""


def perform(job: Job) -> Outcome:
    """Do the run in this process, quietly; whatever happens comes back as an outcome."""
    from nst import device, logs, sweep

    if job.crew:
        (job.crew / str(os.getpid())).touch()
    os.chdir(job.here)
    logs.silence()
    device.share(job.threads)
    sweep.forget()
    value: Any = float("nan")
    try:
        value = _run(job)
    except KeyboardInterrupt:
        sweep.note(INTERRUPTED[0])
    except SystemExit as error:
        sweep.note(error.code if isinstance(error.code, int) else 1)
    return Outcome(job.num, value, max(sweep.statuses, default=1), socket.gethostname())


def _run(job: Job) -> Any:
    """What Hydra does with a job, in a process that it has not set up."""
    from hydra._internal.callbacks import Callbacks
    from hydra.core.utils import JobRuntime, run_job, setup_globals
    from hydra.types import HydraContext

    from nst import run

    setup_globals()
    run.register_resolvers()
    JobRuntime.instance().set("name", job.config.hydra.job.name)
    return run_job(
        hydra_context=HydraContext(config_loader=None, callbacks=Callbacks(job.config)),  # pyright: ignore[reportArgumentType]
        task_function=run.task,
        config=job.config,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    ).return_value
