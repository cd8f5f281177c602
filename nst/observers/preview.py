"""preview.png and progress.json: the current picture of a run and how far it is, until the result is there."""

import json
import logging
import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from nst.errors import check_count, check_number
from nst.image.io import reduced, write_image
from nst.observers.contract import Observer, RunContext
from nst.observers.pace import Pacer, share
from nst.runtime.atomic import atomic
from nst.runtime.own_files import is_foreign
from nst.state import Iterate

log = logging.getLogger(__name__)

PICTURE, PROGRESS = "preview.png", "progress.json"
SHARE = 0.02  # upper bound of the time share spent on writing


class Preview(Observer):
    """Keeps preview.png and progress.json current; deletes both when the run has written its result.

    preview.png is presented like the result. A run that fails or is killed leaves both files. A failed write is only
    logged.

    Args:
        every: seconds between updates, above 0; longer if writing is slow.
        side: long side of the picture in pixels, at most; larger pictures are reduced. At least 1.

    Raises:
        InputError: a value is too small.
    """

    def __init__(self, every: float = 2.0, side: int = 1024) -> None:
        self.every = check_number("observers.preview.every", every, above=0)
        self.side = check_count("observers.preview.side", side, at_least=1)

    def open(self, run: RunContext) -> None:
        """Delete the files of an earlier run; a resumed run keeps its own until the first update."""
        self._run, self._pace, self._failed = run, Pacer(run.levels), False
        self._writers = (_Writer(self.every, self._write_picture), _Writer(self.every, self._write_progress))
        if run.resume is None:
            remove(self._run.folder)

    def __call__(self, iterate: Iterate) -> None:
        """Write the files that are due; after the first step, both are."""
        try:
            for writer in self._writers:
                writer(iterate)
        except OSError as error:
            if not self._failed:
                log.warning("%s and %s cannot be written (%s)", PICTURE, PROGRESS, error.strerror)
            self._failed = True

    def close(self, record: Mapping[str, Any]) -> None:
        """Delete both files if the run has written its result."""
        if record.get("files"):
            remove(self._run.folder)

    def _write_picture(self, iterate: Iterate) -> None:
        picture = self._run.present(reduced(np.asarray(iterate.point.image), self.side))
        write_image(picture, self._run.folder / PICTURE, quick=True)

    def _write_progress(self, iterate: Iterate) -> None:
        with atomic(self._run.folder / PROGRESS) as part:
            part.write_text(json.dumps(self._progress(iterate)), encoding="utf-8")

    def _progress(self, iterate: Iterate) -> dict[str, Any]:
        level, pace, loss = self._run.levels[iterate.level], self._pace(iterate), float(iterate.point.total)
        return {
            "level": iterate.level,
            "levels": len(self._run.levels),
            "size": [level.height, level.width],
            "evaluation": iterate.evaluation,
            "steps": self._run.steps,
            "done": round(share(self._run.levels, iterate), 4),
            "loss": loss if math.isfinite(loss) else None,
            "seconds": round(iterate.seconds, 3),
            "seconds_per_evaluation": round(pace.each, 5),
            "seconds_left": None if pace.left is None else round(pace.left, 1),
        }


def remove(folder: Path) -> None:
    """Delete the files of the observer from a run folder, if there are any."""
    for name in (PICTURE, PROGRESS):
        _delete(folder / name)


class _Writer:
    """Calls `write` every so many seconds, less often if it is slow."""

    def __init__(self, every: float, write: Callable[[Iterate], None]) -> None:
        self._every, self._write, self._due = every, write, -math.inf

    def __call__(self, iterate: Iterate) -> None:
        began = time.monotonic()
        if began < self._due:
            return
        try:
            self._write(iterate)
        finally:
            now = time.monotonic()
            self._due = now + max(self._every, (now - began) / SHARE)


def _delete(path: Path) -> None:
    """Delete a file, if there is one; anything else is left."""
    with suppress(OSError):
        if not is_foreign(path):
            path.unlink(missing_ok=True)
