"""Finds the runs in a folder and watches those that run: about one look a second, which reads only what changed."""

import time
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

from nst.dashboard.feed import Feed
from nst.dashboard.names import names
from nst.dashboard.watched import Picture, Watched, stamp
from nst.errors import InputError, printable, suggestion
from nst.report import plan
from nst.report.runs import run_folders

PATIENCE = 20  # a slow search for folders is repeated after this multiple of its time
MOST_SHOWN = 200  # runs; the latest


class Watcher:
    """The runs in a folder: those that run when the watch begins, and all that begin later.

    Args:
        folder: a run folder, the folder of a sweep, or a folder that contains them at any depth.

    Attributes:
        feed: gets the state for the page after each `poll`.
        pictures: {id of a run: its picture}.

    Raises:
        InputError: there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        self.feed, self.pictures = Feed(), dict[str, Picture]()
        self._top = _existing(folder)
        self._runs: dict[Path, Watched] = {}
        self._places: dict[str, tuple[int, int]] = {}  # {id: (number of its start, number of its end)}
        self._numbers = count(1)
        self._searched = False
        self._due = 0.0

    def poll(self) -> None:
        """Look for changes, and publish them."""
        began = time.monotonic()
        if began >= self._due:
            self._search()
            self._due = began + PATIENCE * (time.monotonic() - began)
        for run in self._runs.values():
            run.poll()
        shown = self._in_order()
        self.pictures = {run.id: run.picture for run in shown if run.picture}
        named = names(shown)
        self.feed.publish(self._summary(shown), {run.id: {**run.view, **named[run.id]} for run in shown})

    def _search(self) -> None:
        """Add folders that are new, and drop those that are gone."""
        found = sorted(run_folders(self._top))
        known = {folder: run for folder in found if (run := self._runs.get(folder))}
        added = {folder: self._watched(folder) for folder in found if folder not in known}
        self._runs, self._searched = known | added, True

    def _watched(self, folder: Path) -> Watched:
        name = folder.relative_to(self._top).as_posix() if folder != self._top else folder.name
        return Watched(folder, name, new=self._searched or folder == self._top)

    def _in_order(self) -> list[Watched]:
        """The runs that the page shows: those that run as they began, then the others, the latest first."""
        shown = [run for run in self._runs.values() if run.shown and run.view]
        for run in shown:
            began, ended = self._places.get(run.id) or (next(self._numbers), 0)
            ended = 0 if run.status == "running" else ended or next(self._numbers)
            self._places[run.id] = began, ended
        running = [run for run in shown if run.status == "running"]
        others = [run for run in shown if run.status != "running"]
        running.sort(key=lambda run: self._places[run.id][0])
        others.sort(key=lambda run: self._places[run.id][1], reverse=True)
        return [*running, *others][:MOST_SHOWN]

    def _summary(self, shown: list[Watched]) -> dict[str, Any]:
        sweeps = dict.fromkeys([self._top, *(run.folder.parent for run in shown)])
        return {
            "title": printable(self._top.name) or "/",
            "order": [run.id for run in shown],
            "statuses": Counter(run.status for run in shown),
            "before": sum(not run.shown for run in self._runs.values()),
            "sweeps": [about for sweep in sweeps if (about := self._sweep(sweep))],
        }

    def _sweep(self, sweep: Path) -> dict[str, Any] | None:
        """The numbers of a sweep's runs; None if the folder has no plan, or all planned runs have ended before."""
        if stamp(sweep / plan.FILE) is None:
            return None
        left, places = plan.not_started(sweep), plan.places(sweep)
        inside = [run for run in self._runs.values() if run.folder.parent == sweep]
        planned = [run for run in inside if run.folder.name in places] if places else inside
        running = sum(run.status == "running" for run in planned)
        if not left and not any(run.shown for run in planned):
            return None
        below = sweep.is_relative_to(self._top) and sweep != self._top
        name = printable(sweep.relative_to(self._top).as_posix() if below else sweep.name)
        return {"name": name, "ended": len(planned) - running, "running": running, "left": left}


def _existing(folder: Path) -> Path:
    """The absolute path of a folder.

    Raises:
        InputError: there is no such folder; the message names the nearest one beside it.
    """
    try:
        if folder.is_dir():
            return folder.resolve()
        beside = [path.name for path in folder.parent.iterdir() if path.is_dir()]
    except (OSError, ValueError):
        beside = []
    if folder.is_file():
        raise InputError(f"{folder} is a file; name the folder of a run, of a sweep, or one that contains them")
    hint = suggestion(folder.name, beside)
    raise InputError(f"{folder}: there is no such folder{hint if 'did you mean' in hint else ''}")
