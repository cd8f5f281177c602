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
    """`ray start` with these arguments, while inside."""
    command = [str(Path(sys.executable).with_name("ray")), "start", "--block", "--disable-usage-stats", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            stop(process)


def until_it_answers(port: int, patience: float = 60.0) -> None:
    """Wait for a head that was started.

    Raises:
        TimeoutError: it has not come up in so many seconds.
    """
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    raise TimeoutError(f"no head answers at port {port}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a node as if its machine had been switched off."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
