"""An observer that notes when it was told of the first point and of the last."""

import json
import time
from collections.abc import Mapping
from typing import Any

from nst.observers.contract import Observer, RunContext
from nst.state import Iterate

FILE = "stopwatch.json"


class Stopwatch(Observer):
    """Writes stopwatch.json: seconds of everything between the two, and those that the steps say they took."""

    def open(self, run: RunContext) -> None:
        """Nothing seen yet."""
        self._path, self._seen = run.folder / FILE, []

    def __call__(self, iterate: Iterate) -> None:
        """Note the time."""
        self._seen = [*self._seen[:1], (time.perf_counter(), iterate.seconds)]

    def close(self, record: Mapping[str, Any]) -> None:
        """Write."""
        del record
        (began, before), (ended, after) = self._seen[0], self._seen[-1]
        self._path.write_text(json.dumps({"wall": ended - began, "steps": after - before}))
