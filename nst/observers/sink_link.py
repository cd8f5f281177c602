"""The link from a run to the process of a sink. Nothing that happens there stops or delays the run."""

import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

from nst.runtime import logs

log = logging.getLogger(__name__)

MOST_WAITING = 2**27  # bytes of messages that wait for the process


class Link:
    """Starts the process of a sink and sends it messages. No method raises, and only `wait` waits.

    After the first failure there is one warning, and all later messages are discarded.

    Args:
        module: the module in `nst.observers` that has the sink.
        timeout: seconds that `wait` waits, at most.
    """

    def __init__(self, module: str, timeout: float) -> None:
        self._module, self._timeout = module, timeout
        self._messages: SimpleQueue[bytes | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0  # bytes
        self._shown = self._kept = ""
        self._done = self._closed = self._failed = False
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = self._started()
        except OSError as error:
            self._fail(f"its process cannot be started ({error.strerror})")
            return
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._write, self._read)]
        for thread in self._threads:
            thread.start()

    def _started(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", "nst.observers.sink_process", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"},
            start_new_session=True,  # Ctrl-C in the terminal does not end it
        )

    def send(self, *message: Any) -> None:
        """Send a message, without waiting for it."""
        if self._failed or self._closed:
            return
        data = pickle.dumps(message)
        if self._count(len(data)) > MOST_WAITING:
            self._fail("it does not answer")
        else:
            self._messages.put(data)

    def close(self) -> None:
        """Send no more messages."""
        self._closed = True
        self._messages.put(None)

    def wait(self) -> None:
        """Wait until the process has ended, `timeout` seconds at most; then end it. Call `close` before."""
        if self._process is None:
            return
        reader = self._threads[1]
        try:
            reader.join(self._timeout)
        finally:  # Ctrl-C
            if reader.is_alive():
                self._fail(f"it was not done {self._timeout:g} s after the run")
        if self._done and not self._failed:
            log.info("%-8s %s", self._module, self._shown)

    def _count(self, added: int) -> int:
        """The bytes of messages that wait, after a change."""
        with self._lock:
            self._waiting += added
            return self._waiting

    def _write(self) -> None:
        assert self._process and self._process.stdin  # noqa: S101
        with suppress(OSError), self._process.stdin as pipe:  # the process has ended, which `_read` notes
            while (data := self._messages.get()) is not None:
                pipe.write(data)
                pipe.flush()
                self._count(-len(data))

    def _read(self) -> None:
        assert self._process and self._process.stdout  # noqa: S101
        with self._process.stdout as pipe:
            for line in pipe:
                self._answered(json.loads(line))
        status = self._process.wait()
        if not self._done:
            self._fail(f"its process ended with status {status}")

    def _answered(self, answer: dict[str, Any]) -> None:
        if opened := answer.get("opened"):
            self._shown, self._kept = opened["shown"], opened["kept"]
            if opened["warning"]:
                log.warning("observers.%s: %s", self._module, opened["warning"])
        if failed := answer.get("failed"):
            self._fail(failed, answer.get("trace", ""))
        self._done = self._done or "done" in answer

    def _fail(self, why: str, trace: str = "") -> None:
        with self._lock:
            if self._failed:
                return
            self._failed = True
        kept = f"; {self._kept}" if self._kept else ""
        log.warning("observers.%s: %s; the run goes on without it%s", self._module, why, kept)
        if trace:
            log.info("%s", trace, extra=logs.FILE_ONLY)
        self._messages.put(None)
        if self._process is not None and self._process.poll() is None:
            with suppress(OSError):  # it has ended
                os.killpg(self._process.pid, signal.SIGKILL) if hasattr(os, "killpg") else self._process.kill()
