"""Nodes of a Ray cluster on this machine, for a test or a measurement."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def node(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `ray start` with these arguments; end it when the context exits."""
    command = [str(Path(sys.executable).with_name("ray")), "start", "--block", "--disable-usage-stats", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            stop(process)


def until_it_answers(port: int, patience: float = 60.0) -> None:
    """Wait until the head node answers at `port`.

    Raises:
        TimeoutError: no answer within `patience` seconds.
    """
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    raise TimeoutError(f"no Ray head answers at port {port}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a node abruptly, as if its machine lost power."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
