"""Ends a run that has no prospects: an observer that the search puts into each of its runs.

Every so much work it measures the picture, at full size, by the run's score, and tells the storage. A run is
ended once it has been worse than the median of the others at the same step more than `patience` times in succession.
(Optuna's own PatientPruner waits for a value that gets worse, which that of a descent hardly ever does.)
"""

import json
import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
import optuna
from optuna.trial import Trial

from nst.image.io import resize
from nst.observers.contract import Every, Observer, RunContext
from nst.runtime.atomic import atomic
from nst.search.settings import Settings
from nst.search.storage import storage
from nst.setting_rules import PRUNE_KEY
from nst.state import Iterate, Metric

log = logging.getLogger(__name__)

ENDED = "nst.ended"  # how such a trial is marked
FILE = ".search.json"  # in the sweep's folder: settings of all its observers, which must not enter a picture's recipe


def prepare(settings: Settings, address: str, folder: Path) -> None:
    """Write the pruning settings, mode 0600: the storage address may hold a password."""
    stored = {"storage": address, "study": settings.study_name, **(asdict(settings.prune) if settings.prune else {})}
    with atomic(folder / FILE) as part:
        part.touch(0o600)
        part.write_text(json.dumps(stored), encoding="utf-8")


def override(folder: Path, trial: int) -> str:
    """The override that adds the observer to the run of a trial."""
    return f"+{PRUNE_KEY}={{_target_:{__name__}.PruneObserver,folder:{str(folder.resolve())!r},trial:{trial}}}"


class PruneObserver(Observer):
    """The observer.

    Args:
        folder: of the sweep, with its `FILE`.
        trial: the run's number in the storage.
    """

    def __init__(self, folder: str, trial: int) -> None:
        self._folder, self._number = Path(folder), trial

    def open(self, run: RunContext) -> None:
        """Find the trial."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        stored = json.loads((self._folder / FILE).read_text(encoding="utf-8"))
        pruner = optuna.pruners.MedianPruner(n_startup_trials=stored["startup"])
        study = optuna.load_study(storage=storage(stored["storage"]), study_name=stored["study"], pruner=pruner)
        frozen = next(trial for trial in study.get_trials(deepcopy=False) if trial.number == self._number)
        self._trial, self._run = Trial(study, frozen._trial_id), run
        self._metric = Metric(run.config["score"][0])
        self._every, self._patience = stored["every"], stored["patience"]
        self._due, self._behind = Every(self._every, run.resume.equivalents if run.resume else 0), 0

    def __call__(self, iterate: Iterate) -> None:
        """Measure and tell, when it is time."""
        if not self._due(iterate.equivalents) or self.over or iterate.equivalents < self._every:
            return
        picture = self._run.present(np.asarray(iterate.point.image))
        measured = self._run.measure(resize(picture, *self._run.content.shape[1:3]))
        try:
            self._report(measured[self._metric.value], int(iterate.equivalents // self._every))
        except Exception as error:  # noqa: BLE001  whatever the storage's library raises; the run does without advice
            log.warning("the search's storage did not answer (%s)", str(error).splitlines()[0])

    def _report(self, score: float, look: int) -> None:
        self._trial.report(score, look)
        self._behind = self._behind + 1 if self._trial.should_prune() else 0
        if self._behind > self._patience:
            self._trial.set_user_attr(ENDED, True)
            self.over = True
