"""Ends a run that has no prospects: an observer that the search puts into each of its runs.

Every so many evaluations it measures the picture, at full size, by the run's score, and tells the storage. A run is
ended once it has been worse than the median of the others at the same step more than `patience` times in succession.
(Optuna's own PatientPruner waits for a value that gets worse, which that of a descent hardly ever does.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import optuna
from optuna.trial import Trial

from nst.image import resize
from nst.observers import Every, Run
from nst.record import Iterate, Metric
from nst.search.settings import Settings
from nst.search.storage import storage

ENDED = "nst.ended"  # how such a trial is marked


def override(settings: Settings, address: str, trial: int) -> str:
    """What, added to the command of a trial, lets it be watched."""
    prune: Any = settings.prune
    given = {
        "_target_": f"{__name__}.Watch",
        "storage": repr(address),
        "study": repr(settings.study_name),
        "trial": trial,
        "every": prune.every,
        "patience": prune.patience,
        "startup": prune.startup,
    }
    return f"+observers.prune={{{','.join(f'{key}:{value}' for key, value in given.items())}}}"


class Watch:
    """The observer.

    Args:
        storage: its address, reached from wherever the run is.
        study: its name there.
        trial: its number there.
        every: see `nst.search.settings.Prune`, as the others.
        patience: likewise.
        startup: likewise.
    """

    over = False  # the run may end

    def __init__(self, storage: str, study: str, trial: int, every: int, patience: int, startup: int) -> None:
        self._address, self._number = (storage, study), trial
        self._every, self._patience, self._startup = every, patience, startup

    def open(self, run: Run) -> None:
        """Find the trial."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        address, name = self._address
        pruner = optuna.pruners.MedianPruner(n_startup_trials=self._startup)
        study = optuna.load_study(storage=storage(address), study_name=name, pruner=pruner)
        frozen = next(trial for trial in study.get_trials(deepcopy=False) if trial.number == self._number)
        self._trial, self._run = Trial(study, frozen._trial_id), run
        self._metric = Metric(run.config["score"][0])
        self._due, self._behind = Every(self._every, run.resumed), 0

    def __call__(self, iterate: Iterate) -> None:
        """Measure and tell, when it is time."""
        if not self._due(iterate.evaluation) or self.over or iterate.evaluation < self._every:
            return
        picture = np.asarray(iterate.point.image).clip(0, 1)
        measured = self._run.measure(resize(picture, *self._run.content.shape[1:3]))
        self._trial.report(measured[self._metric.value], iterate.evaluation // self._every)
        self._behind = self._behind + 1 if self._trial.should_prune() else 0
        if self._behind > self._patience:
            self._trial.set_user_attr(ENDED, True)
            self.over = True

    def close(self, record: Mapping[str, Any]) -> None:
        """Nothing is held."""
