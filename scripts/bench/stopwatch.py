"""An observer that measures the time between the first and the last point."""

import json
import time
from collections.abc import Mapping
from typing import Any

from nst.observers.contract import Observer, RunContext
from nst.state import Iterate

FILE = "stopwatch.json"


class Stopwatch(Observer):
    """Writes stopwatch.json: wall seconds between the two points, and the seconds of the steps between them."""

    def open(self, run: RunContext) -> None:
        """Start without points."""
        self._path, self._seen = run.folder / FILE, []

    def __call__(self, iterate: Iterate) -> None:
        """Record the time of the first and the latest point."""
        self._seen = [*self._seen[:1], (time.perf_counter(), iterate.seconds)]

    def close(self, record: Mapping[str, Any]) -> None:
        """Write the file."""
        del record
        (began, before), (ended, after) = self._seen[0], self._seen[-1]
        self._path.write_text(json.dumps({"wall": ended - began, "steps": after - before}))
