"""TensorFlow's profiler: where the time of a few evaluations at full size goes, for TensorBoard's Profile page."""

import logging
import os
from collections.abc import Mapping
from typing import Any

from nst.errors import check_count
from nst.observers.contract import Observer, RunContext
from nst.runtime import own_files, shell
from nst.runtime.process import displayed
from nst.state import Iterate

log = logging.getLogger(__name__)

FOLDER = "profile"


class Profile(Observer):
    """Profiles a few evaluations at full size into `profile/` of the run folder.

    Compilation and the first evaluations, which are slow, are before them. A run that continues is profiled after as
    many evaluations of its own. A run that is done already computes nothing, so it has no profile.

    Args:
        skip: evaluations at full size before the profile, at least 1.
        evaluations: evaluations in the profile, at least 1. It ends with the step that reaches them.

    Raises:
        InputError: a value is below 1.
    """

    synchronous = True

    def __init__(self, skip: int = 3, evaluations: int = 5) -> None:
        self.skip = check_count("observers.profile.skip", skip, at_least=1)
        self.evaluations = check_count("observers.profile.evaluations", evaluations, at_least=1)

    def open(self, run: RunContext) -> None:
        """Plan the profile."""
        self._folder, self._last = run.folder / FOLDER, len(run.levels) - 1
        here = run.resume if run.resume and run.resume.level == self._last else None
        self._start = (here.state.used if here else 0) + self.skip
        self._began: int | None = None
        self._step: Any = None
        self._over = False

    def __call__(self, iterate: Iterate) -> None:
        """Begin or end the profile if it is time; mark the steps in it."""
        if self._over or iterate.level < self._last:
            return
        used = iterate.state.used
        if self._began is None and used >= self._start:
            self._begin(used)
        elif self._began is not None:
            self._mark_end()
            if used - self._began >= self.evaluations:
                self._end(used - self._began)
        if self._began is not None and not self._over:
            self._mark_begin(iterate.evaluation)
        self._used = used

    def close(self, record: Mapping[str, Any]) -> None:
        """End a profile that the run's end cut short."""
        del record
        if self._over:
            return
        if self._began is None:
            log.warning("profile  none: the run ended before evaluation %d at full size", self._start + 1)
            return
        self._mark_end()
        self._end(self._used - self._began)

    def _begin(self, used: int) -> None:
        import tensorflow as tf

        if os.path.lexists(self._folder) and not own_files.is_folder(self._folder):
            own_files.set_aside(self._folder, "it is not a folder")
        try:
            tf.profiler.experimental.start(os.fspath(self._folder))
        except tf.errors.OpError as error:
            self._give_up(error)
        else:
            self._began = used

    def _end(self, count: int) -> None:
        import tensorflow as tf

        self._over = True
        try:
            tf.profiler.experimental.stop()
        except tf.errors.OpError as error:
            self._give_up(error)
            return
        text = "profile  %d evaluations at full size; see them on the page Profile of   tensorboard --logdir %s"
        log.info(text, count, shell.quote(displayed(self._folder)))

    def _give_up(self, error: Exception) -> None:
        self._over = True
        log.warning("profile  none: %s", str(error).partition("\n")[0])

    def _mark_begin(self, evaluation: int) -> None:
        import tensorflow as tf

        self._step = tf.profiler.experimental.Trace("step", step_num=evaluation, _r=1)
        self._step.__enter__()

    def _mark_end(self) -> None:
        if self._step is not None:
            self._step.__exit__(None, None, None)
            self._step = None
