"""A run folder under watch: its files are read again when they change."""

import os
import secrets
import time
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from nst.bounded import DataError, from_json
from nst.errors import printable
from nst.observers.preview import PICTURE as PREVIEW
from nst.observers.preview import PROGRESS
from nst.report.page import curves
from nst.report.runs import HISTORY, Run, find
from nst.runner.folder import CONFIG, PICTURE, RESULT, finite
from nst.runner.recorded import NUMBER, checked
from nst.runtime import lock
from nst.runtime.data_files import read_text

SHAPE = {
    **dict.fromkeys(("level", "levels", "evaluation", "steps"), int),
    **dict.fromkeys(("done", "seconds", "seconds_per_evaluation"), NUMBER),
    **dict.fromkeys(("loss", "seconds_left"), (*NUMBER, None)),
    "size": [int],
}
"""The shape of progress.json."""
RECORDED = {"evaluation": "evaluations", **{key: key for key in ("loss", "seconds", "seconds_per_evaluation")}}
"""Figures of a record that replace those of progress.json."""
ENDED = ("done", "interrupted", "pruned", "diverged", "failed")
UNFINISHED = "its process has ended without a record; python -m nst.resume continues it"
LETTERS = 1000  # of a name or an error
MOST_TERMS = 16  # with a curve
PATIENCE = 20  # a slow history.csv is read again after this multiple of its reading time

Stamp = tuple[int, int, int] | None


class Picture(NamedTuple):
    """The picture that the page shows of a run.

    Args:
        path: the file.
        sha256: its recorded checksum; empty for a preview.
        stamp: its time, size and number; another one is another picture.
    """

    path: Path
    sha256: str
    stamp: Stamp


class Watched:
    """One run folder.

    Args:
        folder: the run folder.
        name: its path below the folder that is watched.
        new: whether it appeared during the watch; other runs are shown from when they run.

    Attributes:
        id: what addresses call it; it says nothing about the folder.
        shown: whether the page shows it.
        run: its record and settings, as in a report; None if they cannot be read.
        status: as in a report: running, done, interrupted, pruned, diverged, failed or unfinished.
        view: what the page shows, as data for JSON.
        picture: None if there is none.
    """

    def __init__(self, folder: Path, name: str, *, new: bool) -> None:
        self.folder, self.id, self.shown = folder, secrets.token_hex(8), new
        self.status, self.view, self.picture = "", {}, None
        self.name = name
        self._here: Stamp = None
        self._stamps: dict[str, Stamp] = {}
        self._locked = False
        self.run: Run | None = None
        self._problem = ""
        self._progress: dict[str, Any] = {}
        self._curves: dict[str, list[float]] = {}
        self._versions = 0
        self._history_due = 0.0

    def poll(self) -> None:
        """Read what has changed. A run that does not run changes only together with its folder."""
        here = stamp(self.folder)
        if here == self._here and self.status != "running":
            return
        self._here = here
        patience = 0.0 if self.status == "running" else lock.GLANCE
        locked = lock.held(self.folder / lock.NAME, patience)  # first: a run writes its record, then it is released
        if locked or self.shown:
            self._read(locked)

    def _read(self, locked: bool) -> None:
        record_changed = [self._changed(name) for name in (RESULT, CONFIG)]
        if any(record_changed) or locked != self._locked or self.run is None:
            self._locked = locked
            self._read_record()
        recorded = self.run.status if self.run and self.run.status in ENDED else "unfinished"
        running = locked and recorded != "done"  # a repeated run that is done is locked only while that is checked
        self.shown = self.shown or running
        if running and self.status != "running":  # those of an earlier command
            self._progress, self._curves = {}, {}
            self._stamps |= {PROGRESS: None, HISTORY: None}
        self.status = "running" if running else recorded
        if not self.shown:
            return
        if self._changed(PROGRESS):
            self._progress = _progress(self.folder / PROGRESS) or self._progress
        self._read_history()
        self._find_picture()
        self.view = finite(self._viewed())

    def _changed(self, name: str) -> bool:
        before, self._stamps[name] = self._stamps.get(name), stamp(self.folder / name)
        return before != self._stamps[name]

    def _read_record(self) -> None:
        runs, problems = find([self.folder])
        self.run = runs[0] if runs else None
        self._problem = problems[0] if problems else ""

    def _read_history(self) -> None:
        began = time.monotonic()
        if began < self._history_due and self.status == "running":
            return
        if self._changed(HISTORY):
            self._curves = dict(islice(curves(self.folder / HISTORY).items(), MOST_TERMS))
            self._history_due = began + PATIENCE * (time.monotonic() - began)

    def _find_picture(self) -> None:
        """The result of a run that has ended, with its checksum; else the preview."""
        digest = self.run.picture_sha256 if self.run and self.status != "running" else ""
        path = self.folder / (PICTURE if digest else PREVIEW)
        found = stamp(path)
        if found is None and self.status == "running":
            return  # the result is about to replace the preview
        picture = Picture(path, digest, found) if found else None
        if picture != self.picture:
            self.picture, self._versions = picture, self._versions + 1

    def _viewed(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "error": printable(self._error())[:LETTERS],
            **self._figures(),
            "curves": {printable(term)[:LETTERS]: values for term, values in self._curves.items()},
            "picture": self._versions if self.picture else 0,
        }

    def _error(self) -> str:
        """Why the run has no good end; empty if it has, or goes on."""
        if self.status == "unfinished":
            return self._problem or UNFINISHED
        return self.run.error if self.run and self.status in ("failed", "diverged") else ""

    def _figures(self) -> dict[str, Any]:
        """How far the run is: from progress.json and the last row of history.csv; from its record if it has ended."""
        found, evaluations = dict(self._progress), self._curves.get("evaluation")
        if evaluations and evaluations[-1] >= found.get("evaluation", 0):
            found |= {"evaluation": evaluations[-1], "loss": self._curves["total"][-1]}
        if self.run and self.status not in ("running", "unfinished"):
            known = {name: self.run.figure(key) for name, key in RECORDED.items()}
            found |= {name: value for name, value in known.items() if value is not None}
            found |= {"size": self.run.record.get("size") or found.get("size"), "seconds_left": None}
        if self.status == "done":
            found["done"] = 1.0
        found["size"] = (found.get("size") or [])[:2]
        return found


def stamp(path: Path) -> Stamp:
    """Time, size and number of a file or folder, of which one changes with its content; None if there is none."""
    try:
        state = path.lstat()
    except (OSError, ValueError):
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino


def _progress(path: Path) -> dict[str, Any]:
    """The content of a progress.json; empty if there is none, or none that nst wrote."""
    if not os.path.lexists(path):
        return {}
    try:
        found = checked(from_json(read_text(path, follow=False), PROGRESS), SHAPE, PROGRESS)
    except (OSError, DataError):
        return {}
    return {key: found[key] for key in SHAPE if key in found}
