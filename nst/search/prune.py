"""Ends a run that has no prospects: an observer that the search puts into each of its runs.

Every so much work it measures the picture, at full size, by the run's score, and tells the storage. A run is
ended once it has been worse than the median of the others at the same step more than `patience` times in succession.
(Optuna's own PatientPruner waits for a value that gets worse, which that of a descent hardly ever does.)
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.trial import Trial

from nst.image import resize
from nst.knobs import WATCH
from nst.observers import Every, Run
from nst.record import Iterate, Metric
from nst.search.settings import Settings
from nst.search.storage import storage
from nst.whole import whole

log = logging.getLogger(__name__)

ENDED = "nst.ended"  # how such a trial is marked
FILE = ".search.json"  # in the sweep's folder: what every watch wants to know, and no picture's recipe


def prepare(settings: Settings, address: str, folder: Path) -> None:
    """Leave word for the watches: for this user's eyes only, since an address may hold a password."""
    told = {"storage": address, "study": settings.study_name, **(asdict(settings.prune) if settings.prune else {})}
    with whole(folder / FILE) as part:
        part.touch(0o600)
        part.write_text(json.dumps(told), encoding="utf-8")


def override(folder: Path, trial: int) -> str:
    """What, added to the command of a trial, lets it be watched."""
    return f"+{WATCH}={{_target_:{__name__}.Watch,folder:{str(folder.resolve())!r},trial:{trial}}}"


class Watch:
    """The observer.

    Args:
        folder: of the sweep, with its `FILE`.
        trial: the run's number in the storage.
    """

    over = False  # the run may end

    def __init__(self, folder: str, trial: int) -> None:
        self._folder, self._number = Path(folder), trial

    def open(self, run: Run) -> None:
        """Find the trial."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        told = json.loads((self._folder / FILE).read_text(encoding="utf-8"))
        pruner = optuna.pruners.MedianPruner(n_startup_trials=told["startup"])
        study = optuna.load_study(storage=storage(told["storage"]), study_name=told["study"], pruner=pruner)
        frozen = next(trial for trial in study.get_trials(deepcopy=False) if trial.number == self._number)
        self._trial, self._run = Trial(study, frozen._trial_id), run
        self._metric = Metric(run.config["score"][0])
        self._every, self._patience = told["every"], told["patience"]
        self._due, self._behind = Every(self._every, run.resume.equivalents if run.resume else 0), 0

    def __call__(self, iterate: Iterate) -> None:
        """Measure and tell, when it is time."""
        if not self._due(iterate.equivalents) or self.over or iterate.equivalents < self._every:
            return
        picture = self._run.presented(np.asarray(iterate.point.image))
        measured = self._run.measure(resize(picture, *self._run.content.shape[1:3]))
        try:
            self._tell(measured[self._metric.value], int(iterate.equivalents // self._every))
        except Exception as error:  # noqa: BLE001  whatever the storage's library raises; the run does without advice
            log.warning("the search's storage did not answer (%s)", str(error).splitlines()[0])

    def _tell(self, score: float, look: int) -> None:
        self._trial.report(score, look)
        self._behind = self._behind + 1 if self._trial.should_prune() else 0
        if self._behind > self._patience:
            self._trial.set_user_attr(ENDED, True)
            self.over = True

    def close(self, record: Mapping[str, Any]) -> None:
        """Nothing is held."""
