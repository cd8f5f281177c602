"""An observer that the search adds to each of its runs, to end unpromising runs early.

At regular amounts of work it measures the picture at full size by the run's score, and reports it to the storage. It
ends the run after more than `patience` consecutive scores worse than the median of the other trials at the same step.
(Optuna's PatientPruner waits for a value that gets worse, which is rare in an optimization.)
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import optuna
from optuna.trial import Trial

from nst.image.io import resize
from nst.observers.contract import Every, Observer, RunContext
from nst.runtime.atomic import atomic
from nst.runtime.data_files import read_json
from nst.search.settings import Settings
from nst.search.storage import opening, storage
from nst.setting_rules import PRUNE_KEY
from nst.state import Iterate, Metric

log = logging.getLogger(__name__)

ENDED = "nst.ended"  # attribute of a trial that was ended early
FILE = ".search.json"  # in the sweep's folder during a search: settings of its observers, with a password


@contextmanager
def prepared(settings: Settings, address: str, folder: Path) -> Iterator[None]:
    """Keep the pruning settings in a file while inside, mode 0600: the storage address may hold a password."""
    if settings.prune is None:
        yield
        return
    stored = {"storage": address, "study": settings.study_name, **asdict(settings.prune)}
    with atomic(folder / FILE) as part:
        part.touch(0o600)
        part.write_text(json.dumps(stored), encoding="utf-8")
    try:
        yield
    finally:
        (folder / FILE).unlink(missing_ok=True)


def override(folder: Path, trial: int) -> str:
    """Return the override that adds the observer to the run of a trial."""
    return f"+{PRUNE_KEY}={{_target_:{__name__}.PruneObserver,folder:{folder.resolve().as_posix()!r},trial:{trial}}}"


class PruneObserver(Observer):
    """Reports the scores of one trial as it runs, and ends its run if they fall behind.

    Args:
        folder: the sweep's folder, which contains `FILE`.
        trial: the number of the trial in the storage.
    """

    def __init__(self, folder: str, trial: int) -> None:
        self._folder, self._number = Path(folder), trial

    def open(self, run: RunContext) -> None:
        """Load the settings and find the trial in the storage."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        stored = read_json(self._folder / FILE, follow=False)
        pruner = optuna.pruners.MedianPruner(n_startup_trials=stored["startup"])
        with opening(stored["storage"]):
            study = optuna.load_study(storage=storage(stored["storage"]), study_name=stored["study"], pruner=pruner)
        frozen = next(trial for trial in study.get_trials(deepcopy=False) if trial.number == self._number)
        self._trial, self._run = Trial(study, frozen._trial_id), run
        self._metric = Metric(run.config["score"][0])
        self._every, self._patience = stored["every"], stored["patience"]
        self._due, self._behind = Every(self._every, run.resume.equivalents if run.resume else 0), 0

    def __call__(self, iterate: Iterate) -> None:
        """Measure the picture and report its score, if a report is due."""
        if not self._due(iterate.equivalents) or self.over or iterate.equivalents < self._every:
            return
        larger = resize(np.asarray(iterate.point.image).clip(0, 1), *self._run.content.shape[1:3])
        measured = self._run.measure(self._run.present(larger))  # colored after it is enlarged, as in the result
        try:
            self._report(measured[self._metric.value], int(iterate.equivalents // self._every))
        except Exception as error:  # noqa: BLE001  any error of the storage's library: the run continues without
            log.warning("the search's storage did not answer (%s)", type(error).__name__)

    def _report(self, score: float, look: int) -> None:
        self._trial.report(score, look)
        self._behind = self._behind + 1 if self._trial.should_prune() else 0
        if self._behind > self._patience:
            self._trial.set_user_attr(ENDED, True)
            self.over = True
