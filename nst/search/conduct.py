"""Ask, run, tell."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf
from optuna.trial import Trial

from nst import logs
from nst.errors import InputError
from nst.folder import RunFolder
from nst.search import prune
from nst.search.settings import Settings, settle
from nst.search.space import as_overrides, corners, split
from nst.search.study import Trials

log = logging.getLogger(__name__)


def conduct(sweeper: Any, arguments: Sequence[str], given: Mapping[str, Any]) -> None:
    """See `nst.search.search`."""
    settings = settle(given)
    loader = sweeper.hydra_context.config_loader
    space, fixed = split(OverridesParser.create(config_loader=loader).parse_overrides(list(arguments)))
    standing = [f"{key}={value}" for key, value in fixed.items()]
    sweeper.validate_batch_is_legal([[*standing, *as_overrides(corner)] for corner in corners(space)])
    score = loader.load_sweep_config(sweeper.config, standing).score
    if settings.prune and len(score) > 1:
        raise InputError("hydra.sweeper.prune wants one score: of several, none says alone that a run has no prospects")
    folder = Path(sweeper.config.hydra.sweep.dir)
    logs.to_console()
    with RunFolder(folder):
        OmegaConf.save(sweeper.config, folder / "multirun.yaml")
        _go(sweeper.launcher, Trials(settings, space, fixed, score, folder), settings, standing)


def _go(launcher: Any, trials: Trials, settings: Settings, standing: list[str]) -> None:
    while (left := settings.n_trials - len(trials.counted)) > 0:
        batch = [trials.ask() for _ in range(min(left, settings.n_jobs))]
        log.info("trials %d of %d", settings.n_trials - left + len(batch), settings.n_trials)
        open_ = dict.fromkeys(batch)
        try:
            jobs = [[*standing, *as_overrides(trial.params), *_watch(trials, settings, trial)] for trial in batch]
            for trial, returned in zip(batch, launcher.launch(jobs, initial_job_idx=batch[0].number), strict=True):
                trials.tell(trial, scores(returned))
                del open_[trial]
        finally:
            for trial in open_:
                trials.cut_short(trial)


def _watch(trials: Trials, settings: Settings, trial: Trial) -> list[str]:
    return [prune.override(settings, trials.address, trial.number)] if settings.prune else []


def scores(returned: JobReturn) -> list[float] | None:
    """What the run scored; None where it failed."""
    if returned.status is not JobStatus.COMPLETED:
        return None
    value = returned.return_value
    values = value if isinstance(value, Sequence) else [value]
    return [float(v) for v in values] if all(v is not None and math.isfinite(v) for v in values) else None
