"""Workers that take turns: what slows the machine for a while slows them all."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

WORKER = Path(__file__).with_name("worker.py")


def environment() -> dict[str, str]:
    """What a worker is started with: as nst itself sets it, before TensorFlow is there, and quiet."""
    return {"TF_CPU_ALLOCATOR_USE_BFC": "1", "TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}


class Contender(NamedTuple):
    """A piece of work, by a library."""

    library: str  # nst, torch
    what: str  # vgg19, vgg19_slim, matmul
    precision: str
    side: int = 0  # pixels


@dataclass
class Worker:
    """A process with one contender's work ready in it."""

    contender: Contender
    seconds: list[float] = field(default_factory=list)
    base: float = 0.0  # MiB held once the library is there
    peak: float = 0.0  # MiB at the end

    def __enter__(self) -> Self:
        command = [sys.executable, str(WORKER), *map(str, self.contender)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )
        self.base = self._answer()["base"]
        self._answer()
        return self

    def go(self) -> None:
        """Let it do the work once."""
        stdin = self._process.stdin
        if stdin:
            stdin.write("go\n")
            stdin.flush()
        self.seconds.append(self._answer()["seconds"])

    def __exit__(self, *_: object) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        if self._process.poll() is None:
            self.peak = self._answer()["peak"]
        self._process.wait()

    @property
    def median(self) -> float:
        """Seconds for the work."""
        return statistics.median(self.seconds)

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"{' '.join(map(str, self.contender))} ended without an answer")
        return json.loads(line)


def take_turns(contenders: Sequence[Contender], rounds: int) -> dict[Contender, Worker]:
    """Everyone's time and memory, after `rounds` in turns."""
    workers: list[Worker] = []
    try:
        for contender in contenders:
            workers.append(Worker(contender).__enter__())
        for _ in range(rounds):
            for worker in workers:
                worker.go()
    finally:
        for worker in workers:
            worker.__exit__()
    return {worker.contender: worker for worker in workers}


def alone(contender: Contender, rounds: int = 1) -> Worker:
    """A contender's memory, with nobody beside it."""
    with Worker(contender) as worker:
        for _ in range(rounds):
            worker.go()
    return worker
