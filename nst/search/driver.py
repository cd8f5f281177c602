"""The loop of a search: Optuna proposes settings, a launcher runs them, the study stores the scores."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf
from optuna.trial import Trial

from nst.errors import InputError
from nst.extractor.metric_network import metric_weights
from nst.extractor.pins import Pins
from nst.redaction import redacted_config
from nst.report import plan
from nst.runner.folder import locked
from nst.runtime import logs, signals
from nst.runtime.atomic import atomic
from nst.search import prune
from nst.search.settings import Settings, settle
from nst.search.space import as_overrides, corners, labels, split
from nst.search.study import OWN, Trials

log = logging.getLogger(__name__)

Overrides = Callable[[Mapping[str, Any]], list[str]]
"""All overrides of the run of a trial, from its settings."""


def search(
    sweeper: Any, arguments: Sequence[str], given: Mapping[str, Any], prepare_launcher: Callable[[], object]
) -> None:
    """Ask the study for settings, run them and report the scores, until there are `n_trials` trials in total.

    Args:
        sweeper: the Hydra plugin, with its launcher, config and context.
        arguments: overrides; the sweeps among them are the space. If two have the same key, the later one counts.
        given: the fields of `nst.search.settings.Settings`.
        prepare_launcher: called before the first trial, so that errors of the launcher come first.

    Raises:
        InputError: a setting, score, space or storage is invalid; raised before the first trial.
    """
    settings = settle(given)
    loader = sweeper.hydra_context.config_loader
    parsed = OverridesParser.create(config_loader=loader).parse_overrides(list(arguments))
    (space, fixed), choices = split(parsed), labels(parsed)
    fixed_overrides = [f"{key}={value}" for key, value in fixed.items()]
    overrides = lambda values: [*fixed_overrides, *as_overrides(values, choices)]  # noqa: E731
    sweeper.validate_batch_is_legal([overrides(corner) for corner in corners(space)])
    config = loader.load_sweep_config(sweeper.config, fixed_overrides)
    score = config.score
    if settings.prune and len(score) > 1:
        raise InputError("hydra.sweeper.prune needs one score; with several, none alone can decide to end a run")
    folder = Path(sweeper.config.hydra.sweep.dir)
    logs.to_console()
    prepare_launcher()
    with locked(folder):
        measured_with = metric_weights(config.metrics.network, Pins(folder), fetch=True)
        mark = f"{measured_with.network} {measured_with.sha256[:12]}" if measured_with else OWN
        if mark == OWN and "extractor" in space:
            log.warning("trials with different extractors are compared although each is measured with its own network")
        trials = Trials(settings, space, fixed, score, folder, mark)
        _write_config(sweeper.config, folder)
        # signals are deferred also between runs, where Python may lose a KeyboardInterrupt
        with prune.prepared(settings, trials.address, folder), signals.deferred() as interrupt:
            _go(sweeper.launcher, trials, settings, overrides, interrupt)
        interrupt.resume()


def _write_config(config: DictConfig, folder: Path) -> None:
    """Write the command's config, as Hydra's own sweeper does, but redacted."""
    with atomic(folder / "multirun.yaml") as part:
        OmegaConf.save(redacted_config(config), part)


def _go(launcher: Any, trials: Trials, settings: Settings, overrides: Overrides, interrupt: signals.Interrupt) -> None:
    while (left := settings.n_trials - len(trials.counted)) > 0:
        plan.write_left(trials.folder, left)
        if interrupt():
            log.info("%d of %d trials were not started, or were interrupted", left, settings.n_trials)
            return
        batch = [trials.ask() for _ in range(min(left, settings.n_jobs))]
        log.info("trials %d of %d", settings.n_trials - left + len(batch), settings.n_trials)
        _do(launcher, trials, settings, overrides, batch)
    plan.write_left(trials.folder, 0)


def _do(launcher: Any, trials: Trials, settings: Settings, overrides: Overrides, batch: list[Trial]) -> None:
    """Run a batch; trials with the same settings share one run and its folder."""
    alike: dict[str, list[Trial]] = {}
    for trial in batch:
        alike.setdefault(str(trial.params), []).append(trial)
    open_ = dict.fromkeys(batch)
    try:
        jobs = [[*overrides(first.params), *_prune_override(trials, settings, first)] for first, *_ in alike.values()]
        for same, returned in zip(alike.values(), launcher.launch(jobs, initial_job_idx=batch[0].number), strict=True):
            for trial in same:
                _report(trials, trial, returned)
                del open_[trial]
    finally:
        for trial in open_:
            trials.cut_short(trial)


def _report(trials: Trials, trial: Trial, returned: JobReturn) -> None:
    if returned.status is JobStatus.COMPLETED and returned.return_value is None:  # the run was interrupted
        trials.cut_short(trial)
    else:
        trials.tell(trial, scores(returned))


def _prune_override(trials: Trials, settings: Settings, trial: Trial) -> list[str]:
    return [prune.override(trials.folder, trial.number)] if settings.prune else []


def scores(returned: JobReturn) -> list[float] | None:
    """Return the scores of a run; None if it failed."""
    if returned.status is not JobStatus.COMPLETED:
        return None
    value = returned.return_value
    values = value if isinstance(value, Sequence) else [value]
    return [float(v) for v in values] if all(v is not None and math.isfinite(v) for v in values) else None
