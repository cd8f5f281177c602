"""The latest state of all runs, from the thread that watches to the threads that serve."""

import json
import threading
from collections.abc import Mapping
from typing import Any


class Feed:
    """Holds the latest state; each reader gets what has changed since its last message."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._number = 0  # of the latest change
        self._summary: Mapping[str, Any] = {}
        self._runs: dict[str, tuple[int, Mapping[str, Any]]] = {}  # {id: (number of its latest change, view)}
        self.closed = False

    def publish(self, summary: Mapping[str, Any], runs: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace the state; readers are told if anything has changed.

        Args:
            summary: data about all runs.
            runs: {id: data of a run}.
        """
        with self._news:
            changed = {id_ for id_, view in runs.items() if id_ not in self._runs or self._runs[id_][1] != view}
            if self._number and not changed and self._summary == summary and self._runs.keys() == runs.keys():
                return
            self._number += 1
            self._summary = summary
            self._runs = {id_: (self._number, runs[id_]) if id_ in changed else self._runs[id_] for id_ in runs}
            self._news.notify_all()

    def wait(self, seen: int, seconds: float) -> tuple[int, str] | None:
        """The next message after number `seen`: its number and its JSON; None if there is none in time, or at the end.

        A message has the summary, and the runs that have changed; the first one, after 0, has all runs.
        """
        with self._news:
            if not self._news.wait_for(lambda: self.closed or self._number > seen, seconds) or self.closed:
                return None
            changed = {id_: view for id_, (number, view) in self._runs.items() if number > seen}
            number, message = self._number, {**self._summary, "runs": changed}
        return number, json.dumps(message, allow_nan=False)

    def close(self) -> None:
        """End all readers."""
        with self._news:
            self.closed = True
            self._news.notify_all()
