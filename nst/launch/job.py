"""A run of a sweep, as it is sent to another process, and its outcome."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, open_dict

from nst.cli import configs, hydra_errors
from nst.cli.session import Session, session
from nst.cli.task import task
from nst.runner.hydra_versions import WHITELIST, own_allowed
from nst.runtime import logs, signals

_POLL = 0.2  # seconds between two looks for the file `stop`
INTERRUPTED = (128 + signal.SIGINT, 128 + signal.SIGTERM)  # exit statuses of a run that a signal ended


@dataclass(frozen=True)
class Job:
    """A run; the process that executes it composes its config.

    Args:
        num: its number in the sweep.
        overrides: from the sweeper.
        loader: Hydra's config loader of the command.
        config: the config of the sweep, Hydra's part included.
        top: the sweep's folder, an absolute path.
        here: the working directory of the command; relative paths in the config start there.
        threads: processor threads if the config has `threads=null`; None: all.
        stop: once there is this file, the job ends early, or does not begin; None: only signals end it.
    """

    num: int
    overrides: tuple[str, ...]
    loader: Any
    config: DictConfig
    top: Path
    here: Path
    threads: int | None = None
    stop: Path | None = None

    def composed(self) -> DictConfig:
        """Compose the run's config, Hydra's part included."""
        composed = self.loader.load_sweep_config(self.config, list(self.overrides))
        with open_dict(composed):
            composed.hydra.job.id, composed.hydra.job.num = str(self.num), self.num
            composed.hydra.sweep.dir = str(self.top)
        return composed

    def folder(self, composed: DictConfig) -> Path:
        """Return the folder of the run."""
        before = HydraConfig.instance().cfg
        HydraConfig.instance().set_config(composed)
        try:
            return self.top / str(composed.hydra.sweep.subdir)
        finally:
            HydraConfig.instance().cfg = before


@dataclass(frozen=True)
class Outcome:
    """The outcome of a job.

    Args:
        num: the number of the job.
        value: the run's score; nan if it failed, None if it was interrupted.
        status: the exit status of the same run as a command.
        run: the name of its folder.
        place: the machine that executed it.
        lost: the reason, if its process did not return an outcome; else empty.
    """

    num: int
    value: Any
    status: int
    run: str = ""
    place: str = ""
    lost: str = ""


def perform(job: Job, *also: int) -> Outcome:
    """Do the run in this process without output. Any error or signal, those in `also` included, gives an outcome."""
    with signals.deferred(*also) as interrupt, _stopped_by(job.stop):
        try:
            return _performed(job, interrupt)
        except Exception as error:  # noqa: BLE001  any error: the other runs continue
            return Outcome(job.num, float("nan"), 1, place=socket.gethostname(), lost=hydra_errors.one_line(error))


@contextmanager
def _stopped_by(file: Path | None) -> Iterator[None]:
    """Send this process SIGTERM, once, when `file` appears while inside."""
    over = threading.Event()

    def watch(file: Path) -> None:
        while not over.wait(_POLL):
            if file.exists():
                signals.send_to_self(signal.SIGTERM)
                return

    if file is None:
        yield
        return
    watching = threading.Thread(target=watch, args=(file,), daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()  # no signal is sent after the job


def _performed(job: Job, interrupt: signals.Interrupt) -> Outcome:
    os.chdir(job.here)
    logs.silence()
    config = _compose(job)
    with session(job.threads) as command:
        value = _value(job, config, command, interrupt)
    return Outcome(job.num, value, max(command.statuses, default=1), job.folder(config).name, socket.gethostname())


def _value(job: Job, config: DictConfig, command: Session, interrupt: signals.Interrupt) -> Any:
    """Do the run and return its score; None if it was interrupted, with the status added to `command`."""
    try:
        interrupt.resume()
        if job.stop and job.stop.exists():
            raise KeyboardInterrupt
        return _run(job, config)
    except KeyboardInterrupt:
        command.statuses.append(INTERRUPTED[0])
    except SystemExit as error:
        command.statuses.append(error.code if isinstance(error.code, int) else 1)
    return None


def _compose(job: Job) -> DictConfig:
    """Compose the run's config, in a process that Hydra has not set up."""
    from hydra.core.utils import JobRuntime, setup_globals

    setup_globals()
    configs.register()
    JobRuntime.instance().set("name", "nst")
    return job.composed()


def _run(job: Job, config: DictConfig) -> Any:
    """Do the run as Hydra's own launcher does."""
    from hydra._internal.callbacks import Callbacks
    from hydra.core.utils import run_job
    from hydra.types import HydraContext

    with own_allowed():
        callbacks = Callbacks(config)
    return run_job(
        hydra_context=HydraContext(config_loader=job.loader, callbacks=callbacks, **WHITELIST),
        task_function=task,
        config=config,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    ).return_value
