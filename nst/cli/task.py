"""The task that Hydra calls for each run."""

from contextlib import chdir
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from nst.cli import hydra_errors, resuming, session
from nst.errors import InputError
from nst.runner.request import Request, as_given, score
from nst.sweep import suite


def task(config: DictConfig) -> Any:
    """Do one run and return its score for a sweeper; nan if it failed, which is recorded and printed."""
    from nst.runner.run import run

    hydra_, command = HydraConfig.get(), session.current()
    in_a_sweep = hydra_.mode == RunMode.MULTIRUN
    request = Request(
        config,
        folder=Path(hydra_.runtime.output_dir),
        overrides=as_given(hydra_.overrides.task),
        choices=dict(hydra_.runtime.choices),
        resume_with="" if in_a_sweep else resuming.line(Path(hydra_.run.dir), hydra_),
        sweep=Path(hydra_.sweep.dir) if in_a_sweep else None,
        threads=command.threads,
        created=not in_a_sweep and bool(command.created),
    )
    try:
        if config.pair is not None:
            suite.check_pair(config.pair, suite.pairs(config))
        if not in_a_sweep and (config.ablate or config.replicates is not None):
            raise InputError("replicates and ablate make a sweep; leave hydra.mode=RUN out")
        with chdir(hydra_.runtime.cwd):  # hydra.job.chdir=true: paths start where the command was given
            record = run(request)
    except Exception as error:  # noqa: BLE001  any error: the other runs of a sweep continue
        status = hydra_errors.show(error, request.folder / "run.log", traceback=config.traceback)
        command.statuses.append(status)
        if not in_a_sweep:
            command.discard()
        return float("nan")
    command.statuses.append(0 if record["status"] in ("done", "pruned") else 1)
    return score(config, record["metrics"]) if record["status"] == "done" else float("nan")
