"""Ask, run, tell."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from optuna.trial import Trial

from hydra_plugins.nst_plugins import Engines
from nst import logs, signals
from nst.errors import InputError
from nst.folder import locked
from nst.metric_network import metric_weights
from nst.pins import Pins
from nst.search import prune
from nst.search.settings import Settings, settle
from nst.search.space import as_overrides, corners, split
from nst.search.storage import shown
from nst.search.study import OWN, Trials

log = logging.getLogger(__name__)


def conduct(sweeper: Any, arguments: Sequence[str], given: Mapping[str, Any]) -> None:
    """See `nst.search.search`."""
    settings = settle(given)
    loader = sweeper.hydra_context.config_loader
    space, fixed = split(OverridesParser.create(config_loader=loader).parse_overrides(list(arguments)))
    standing = [f"{key}={value}" for key, value in fixed.items()]
    sweeper.validate_batch_is_legal([[*standing, *as_overrides(corner)] for corner in corners(space)])
    config = loader.load_sweep_config(sweeper.config, standing)
    score = config.score
    if settings.prune and len(score) > 1:
        raise InputError("hydra.sweeper.prune wants one score: of several, none says alone that a run has no prospects")
    folder = Path(sweeper.config.hydra.sweep.dir)
    logs.to_console()
    if isinstance(sweeper.launcher, Engines):
        sweeper.launcher.engine  # noqa: B018  what is wrong with it is said before a trial is asked for
    with locked(folder):
        measured_with = metric_weights(config.metrics.network, Pins(folder), fetch=True)
        mark = f"{measured_with.network} {measured_with.sha256[:12]}" if measured_with else OWN
        if mark == OWN and "extractor" in space:
            log.warning("trials on different networks are measured with different networks, and still compared")
        trials = Trials(settings, space, fixed, score, folder, mark)
        _write_down(sweeper.config, folder)
        if settings.prune:
            prune.prepare(settings, trials.address, folder)
        with signals.deferred() as interrupt:  # between runs, too, where Python may lose a KeyboardInterrupt
            _go(sweeper.launcher, trials, settings, standing, interrupt)
        interrupt.resume()


def _write_down(config: DictConfig, folder: Path) -> None:
    """The command's config, as Hydra's own sweeper leaves it; without a password."""
    told = copy.deepcopy(config)
    with open_dict(told), read_write(told.hydra):
        told.hydra.sweeper.storage = told.hydra.sweeper.storage and shown(told.hydra.sweeper.storage)
    OmegaConf.save(told, folder / "multirun.yaml")


def _go(launcher: Any, trials: Trials, settings: Settings, standing: list[str], interrupt: signals.Interrupt) -> None:
    while not interrupt() and (left := settings.n_trials - len(trials.counted)) > 0:
        batch = [trials.ask() for _ in range(min(left, settings.n_jobs))]
        log.info("trials %d of %d", settings.n_trials - left + len(batch), settings.n_trials)
        _do(launcher, trials, settings, standing, batch)


def _do(launcher: Any, trials: Trials, settings: Settings, standing: list[str], batch: list[Trial]) -> None:
    """Run a batch; trials of the same settings, which share a run's folder, as one."""
    alike: dict[str, list[Trial]] = {}
    for trial in batch:
        alike.setdefault(str(trial.params), []).append(trial)
    open_ = dict.fromkeys(batch)
    try:
        jobs = [
            [*standing, *as_overrides(first.params), *_watch(trials, settings, first)] for first, *_ in alike.values()
        ]
        for same, returned in zip(alike.values(), launcher.launch(jobs, initial_job_idx=batch[0].number), strict=True):
            for trial in same:
                _told(trials, trial, returned)
                del open_[trial]
    finally:
        for trial in open_:
            trials.cut_short(trial)


def _told(trials: Trials, trial: Trial, returned: JobReturn) -> None:
    if returned.status is JobStatus.COMPLETED and returned.return_value is None:  # its process was asked to end
        trials.cut_short(trial)
    else:
        trials.tell(trial, scores(returned))


def _watch(trials: Trials, settings: Settings, trial: Trial) -> list[str]:
    return [prune.override(trials.folder, trial.number)] if settings.prune else []


def scores(returned: JobReturn) -> list[float] | None:
    """What the run scored; None where it failed."""
    if returned.status is not JobStatus.COMPLETED:
        return None
    value = returned.return_value
    values = value if isinstance(value, Sequence) else [value]
    return [float(v) for v in values] if all(v is not None and math.isfinite(v) for v in values) else None
