"""The trials of a search, in a storage that later commands continue."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import distribution_to_json
from optuna.trial import FrozenTrial, Trial, TrialState

from nst.errors import InputError
from nst.redaction import redacted_address, redacted_override
from nst.search.prune import ENDED
from nst.search.settings import Settings
from nst.search.space import Space
from nst.search.storage import opening, storage
from nst.setting_rules import rule
from nst.state import Metric

MEASURED_WITH, OWN = "the metric network", "own"
SPACE, FOLDER, CUT_SHORT = "nst.space", "nst.folder", "nst.cut_short"  # attributes of studies and trials


class Trials:
    """A study with its space and its trials.

    Args:
        settings: of the search.
        space: the search space.
        fixed: {key: value} of the settings that are the same in every trial.
        score: the metrics that a trial reports.
        folder: the sweep's folder, used by one command at a time.
        measured_with: name and checksum of the metric network, or `OWN`.

    Raises:
        InputError: the storage cannot be used, or was made with another space.
    """

    def __init__(
        self,
        settings: Settings,
        space: Space,
        fixed: dict[str, str],
        score: Sequence[Metric],
        folder: Path,
        measured_with: str,
    ) -> None:
        self._space, self.folder = space, folder.resolve()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.address = settings.storage or f"sqlite:///{self.folder.as_posix()}/search.db"
        self.study = _study(settings, self.address, [metric.direction for metric in score])
        names = [metric.value for metric in score]
        self._agree(settings, {"score": names, "fixed": _compared(fixed), MEASURED_WITH: measured_with})
        self.study.sampler = _sampler(settings, len(self.study.trials))
        self._revive()

    @property
    def counted(self) -> list[FrozenTrial]:
        """Trials that have ended, successfully or not; those that were cut short do not count."""
        ended = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
        return [
            trial
            for trial in self.study.get_trials(deepcopy=False, states=ended)
            if not trial.user_attrs.get(CUT_SHORT)
        ]

    def ask(self) -> Trial:
        """Return the next trial."""
        trial = self.study.ask(self._space)
        trial.set_user_attr(FOLDER, str(self.folder))
        return trial

    def tell(self, trial: Trial, values: Sequence[float] | None) -> None:
        """Record the scores of a trial; None if it failed or was pruned."""
        if values is not None:
            self.study.tell(trial, list(values))
            return
        ended = Trial(self.study, trial._trial_id).user_attrs.get(ENDED)  # read anew: another process may set it
        self.study.tell(trial, state=TrialState.PRUNED if ended else TrialState.FAIL)

    def cut_short(self, trial: Trial | FrozenTrial) -> None:
        """Mark a trial that was interrupted: it does not count, and its settings come first next time."""
        self.study.enqueue_trial(trial.params)
        own = Trial(self.study, trial._trial_id)
        own.set_user_attr(CUT_SHORT, True)
        self.study.tell(trial.number, state=TrialState.FAIL)

    def _agree(self, settings: Settings, terms: dict[str, Any]) -> None:
        """Store the search space and the scores in the study; refuse a study that has others."""
        space = {key: json.loads(distribution_to_json(found)) for key, found in self._space.items()}
        constant = {f"the fixed {key}": value for key, value in terms["fixed"].items()}
        now = {**space, **constant, **{key: terms[key] for key in ("score", MEASURED_WITH)}}
        before = self.study.user_attrs.get(SPACE)
        if before is None:
            self.study.set_user_attr(SPACE, now)
            return
        before = {MEASURED_WITH: OWN, **before}
        for key in sorted({*before, *now}, key=str):
            if before.get(key) != now.get(key):
                where = f"{settings.study_name} in {redacted_address(self.address)}"
                raise InputError(
                    f"{where} was searched with another space: {key} was "
                    f"{_as_text(before.get(key))} and is {_as_text(now.get(key))}; choose another sweep_dir"
                )

    def _revive(self) -> None:
        """Cut short the trials of this folder that a killed command left running."""
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if trial.user_attrs.get(FOLDER) == str(self.folder):
                self.cut_short(trial)


def _study(settings: Settings, address: str, directions: Any) -> optuna.Study:
    with opening(address):
        return optuna.create_study(
            storage=storage(address), study_name=settings.study_name, directions=directions, load_if_exists=True
        )


def _sampler(settings: Settings, seen: int) -> optuna.samplers.BaseSampler:
    """Create the sampler, seeded also by the number of trials: a continued search does not repeat its first draws."""
    seed = settings.seed + seen
    if settings.sampler == "tpe":
        return optuna.samplers.TPESampler(seed=seed, constant_liar=settings.n_jobs > 1)
    return {"nsgaii": optuna.samplers.NSGAIISampler, "random": optuna.samplers.RandomSampler}[settings.sampler](
        seed=seed
    )


def _compared(fixed: dict[str, str]) -> dict[str, str]:
    """Return the fixed settings that runs are compared by, redacted."""
    compared = {key: value for key, value in fixed.items() if rule(key.lstrip("+")).compared}
    return {key: redacted_override(value, tagged=True) for key, value in compared.items()}


def _as_text(mark: Any) -> str:
    """Format a distribution in Hydra's syntax."""
    if not isinstance(mark, dict):
        return "not set" if mark is None else str(mark)
    attributes = mark["attributes"]
    if "choices" in attributes:
        return f"choice({','.join(map(str, attributes['choices']))})"
    step = f", step {attributes['step']}" if attributes.get("step") not in (None, 1) else ""
    text = f"interval({attributes['low']},{attributes['high']}{step})"
    return f"tag(log,{text})" if attributes.get("log") else text
