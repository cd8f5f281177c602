"""The process of a sink: `python -m nst.observers.sink_process MODULE` reads messages and passes them to the sink.

Messages are pickles on stdin, as `nst.observers.sink_link` sends them. Answers are lines of JSON on stdout:

    {"opened": {...}}                 the record has been begun
    {"done": true}                    it is complete
    {"failed": text, "trace": text}   an exception of the sink; the process ends

The file `.<module>.json` in the run folder holds the id of the record and the last evaluation that was logged, so that
a resumed run continues the record and logs no evaluation twice.
"""

import json
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import numpy as np

from nst.bounded import DataError
from nst.observers.sink import End, Row, Sink, Start
from nst.runtime.atomic import atomic
from nst.runtime.data_files import read_json

BATCH_SECONDS, BATCH_ROWS = 2.0, 50  # rows are logged together after this time, or if there are so many
GRACE = 10.0  # seconds after the timeout at which the run's process would have ended this one


class Session:
    """Passes the messages of one run to a sink.

    Args:
        name: the name of the sink's module.
        sink: the sink.
        answer: sends an answer.
        bound: called with the seconds that the end of the record may take, before it.
    """

    def __init__(
        self,
        name: str,
        sink: Sink,
        answer: Callable[[dict[str, Any]], None],
        bound: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._name, self._sink, self._answer, self._bound = name, sink, answer, bound
        self._rows: list[Row] = []
        self._logged_at = time.monotonic()
        self._timeout: float | None = None  # None: the record is not begun, or is complete

    def start(self, start: Start) -> None:
        """Begin or continue the record."""
        self._timeout = start.settings["timeout"]
        self._file = start.folder / f".{self._name}.json"
        earlier, last = stored(self._file) if start.resumed else (None, -1)
        opened = self._sink.start(start, earlier)
        self._run, self._before = opened.run, last if opened.run == earlier else -1
        self._save(self._before)
        self._answer({"opened": asdict(opened)})

    def scalars(self, evaluation: int, values: dict[str, float]) -> None:
        """Log a row of the curves, with others."""
        if evaluation <= self._before:
            return
        self._rows.append((evaluation, values))
        if len(self._rows) >= BATCH_ROWS or time.monotonic() - self._logged_at >= BATCH_SECONDS:
            self._flush()

    def picture(self, evaluation: int, tag: str, picture: np.ndarray) -> None:
        """Log a picture."""
        if evaluation > self._before:
            self._flush()
            self._sink.picture(evaluation, tag, picture)

    def end(self, end: End) -> None:
        """Complete the record; later calls have no effect."""
        if self._timeout is None:
            return
        self._bound(self._timeout + GRACE)
        self._timeout = None
        self._flush()
        self._sink.end(end)
        self._answer({"done": True})

    def _flush(self) -> None:
        if self._rows:
            self._save(self._rows[-1][0])  # before: if this process is killed, no evaluation is logged twice
            self._sink.scalars(self._rows)
        self._rows, self._logged_at = [], time.monotonic()

    def _save(self, last: int) -> None:
        store(self._file, self._run, last)


def stored(file: Path) -> tuple[str | None, int]:
    """The id of a record, and the last evaluation in it; (None, -1) if `file` has none."""
    try:
        found = read_json(file, follow=False)
        run, last = found["run"], found["last"]
    except (OSError, DataError, KeyError, TypeError):
        return None, -1
    return (run, last) if isinstance(run, str) and isinstance(last, int) else (None, -1)


def store(file: Path, run: str, last: int = -1) -> None:
    """Write what `stored` reads."""
    with atomic(file) as part:
        part.write_text(json.dumps({"run": run, "last": last}), encoding="utf-8")


def _exit_after(seconds: float) -> None:
    """End this process after some seconds, if it has not ended: the run's process, which waits for it, may be gone."""
    timer = threading.Timer(seconds, os._exit, [1])
    timer.daemon = True
    timer.start()


def _messages(pipe: IO[bytes]) -> Iterator[tuple[Any, ...]]:
    """The messages of the run's process, until it closes the pipe or ends."""
    with suppress(EOFError, pickle.UnpicklingError):
        while True:
            yield pickle.load(pipe)  # noqa: S301  from the process that started this one


def serve(session: Session, pipe: IO[bytes]) -> None:
    """Pass all messages of `pipe` to `session`."""
    calls = {"start": session.start, "scalars": session.scalars, "picture": session.picture, "end": session.end}
    for kind, *values in _messages(pipe):
        calls[kind](*values)
    session.end(End("failed", "the run's process ended"))


def main(module: str) -> int:
    """Serve the sink of `nst.observers.<module>`; return the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the run ends first, and then says how
        signal.signal(number, signal.SIG_IGN)
    answers, pipe = os.fdopen(os.dup(1), "w", encoding="utf-8"), os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # libraries print, and may ask
        os.dup2(nothing, number)

    def answer(value: dict[str, Any]) -> None:
        with suppress(OSError):  # the run's process has ended
            print(json.dumps(value), file=answers, flush=True)

    try:
        sink = import_module(f"nst.observers.{module}").sink()
        serve(Session(module, sink, answer, _exit_after), pipe)
    except BaseException as error:  # noqa: BLE001  any error of a tracker
        text = " ".join(f"{type(error).__name__}: {error}".split())
        answer({"failed": text[:500], "trace": traceback.format_exc()})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
