"""The loop of a search: Optuna proposes settings, a launcher runs them, the study stores the scores."""

import logging
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from omegaconf import DictConfig, OmegaConf
from optuna.trial import Trial

from nst.extractor.metric_network import metric_weights
from nst.extractor.pins import Pins
from nst.redaction import redacted_config
from nst.report import plan
from nst.runner.folder import locked
from nst.runtime import logs, signals
from nst.runtime.atomic import atomic
from nst.search import prune
from nst.search.settings import Settings, settle
from nst.search.study import OWN, Trials
from nst.search.trial_runs import TrialRuns, interrupted, scores

log = logging.getLogger(__name__)


def search(
    sweeper: Any,
    arguments: Sequence[str],
    given: Mapping[str, Any],
    prepare_launcher: Callable[[], object],
    begin: Callable[[], object],
) -> None:
    """Ask the study for settings, run them and report the scores, until there are `n_trials` trials in total.

    Args:
        sweeper: the Hydra plugin, with its launcher, config and context.
        arguments: overrides; the sweeps among them are the space, but for pairs and seeds.
        given: the fields of `nst.search.settings.Settings`.
        prepare_launcher: called before the first trial, so that errors of the launcher come first.
        begin: called after all checks, before the first trial.

    Raises:
        InputError: a setting, score, space or storage is invalid; raised before the first trial.
    """
    settings = settle(given)
    runs = TrialRuns(sweeper.config, sweeper.hydra_context.config_loader, arguments)
    sweeper.validate_batch_is_legal(runs.at_corners())
    runs.check(settings)
    config = runs.config
    folder = Path(sweeper.config.hydra.sweep.dir)
    logs.to_console()
    prepare_launcher()
    with locked(folder):
        measured_with = metric_weights(config.metrics.network, Pins(folder), fetch=True)
        mark = f"{measured_with.network} {measured_with.sha256[:12]}" if measured_with else OWN
        if mark == OWN and "extractor" in runs.space:
            log.warning("trials with different extractors are compared although each is measured with its own network")
        trials = Trials(settings, runs.space, runs.fixed, config.score, folder, mark)
        _write_config(sweeper.config, folder)
        begin()
        # signals are deferred also between runs, where Python may lose a KeyboardInterrupt
        with prune.prepared(settings, trials.address, folder), signals.deferred() as interrupt:
            _go(sweeper.launcher, trials, settings, runs, interrupt)
        interrupt.resume()


def _write_config(config: DictConfig, folder: Path) -> None:
    """Write the command's config, as Hydra's own sweeper does, but redacted."""
    with atomic(folder / "multirun.yaml") as part:
        OmegaConf.save(redacted_config(config), part)


def _go(launcher: Any, trials: Trials, settings: Settings, runs: TrialRuns, interrupt: signals.Interrupt) -> None:
    while (left := settings.n_trials - len(trials.counted)) > 0:
        plan.write_left(trials.folder, left * runs.most)
        if interrupt():
            log.info("%d of %d trials were not started, or were interrupted", left, settings.n_trials)
            return
        batch = [trials.ask() for _ in range(min(left, settings.n_jobs))]
        log.info("trials %d of %d", settings.n_trials - left + len(batch), settings.n_trials)
        _do(launcher, trials, settings, runs, batch)
    plan.write_left(trials.folder, 0)


def _do(launcher: Any, trials: Trials, settings: Settings, runs: TrialRuns, batch: list[Trial]) -> None:
    """Run a batch; trials with the same settings share their runs and folders."""
    alike: dict[str, list[Trial]] = {}
    for trial in batch:
        alike.setdefault(str(trial.params), []).append(trial)
    open_ = dict.fromkeys(batch)
    try:
        each = [runs.of(first.params) for first, *_ in alike.values()]
        jobs = [
            [*overrides, *_prune_override(trials, settings, first)]
            for (first, *_), own in zip(alike.values(), each, strict=True)
            for overrides in own
        ]
        returned = iter(launcher.launch(jobs, initial_job_idx=batch[0].number * runs.most))
        for same, own in zip(alike.values(), each, strict=True):
            of_trial = list(islice(returned, len(own)))
            for trial in same:
                _report(trials, trial, of_trial)
                del open_[trial]
    finally:
        for trial in open_:
            trials.cut_short(trial)


def _report(trials: Trials, trial: Trial, returned: Sequence[JobReturn]) -> None:
    if interrupted(returned):
        trials.cut_short(trial)
    else:
        trials.tell(trial, scores(returned))


def _prune_override(trials: Trials, settings: Settings, trial: Trial) -> list[str]:
    return [prune.override(trials.folder, trial.number)] if settings.prune else []
