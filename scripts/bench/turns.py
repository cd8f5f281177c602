"""Workers that take turns, so that a slow phase of the machine affects all of them."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

ROOT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    """Environment variables of a worker: those that nst sets before it imports TensorFlow, CPU only, quiet."""
    own = {"TF_CPU_ALLOCATOR_USE_BFC": "1", "TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    own["CUDA_VISIBLE_DEVICES"] = ""  # the comparison is on CPUs; the PyTorch code has no other device
    return {**own, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "scripts")))}


class Contender(NamedTuple):
    """A piece of work, and the library that does it."""

    library: str  # nst, torch, torch-channels-last
    what: str  # vgg19, vgg19_slim, matmul
    precision: str
    side: int = 0  # pixels


class Process:
    """A running script of this folder: for each input line it prints a line of JSON."""

    def __init__(self, script: str, *arguments: str) -> None:
        command = [sys.executable, str(Path(__file__).with_name(script)), *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )

    def ask(self) -> dict[str, Any] | None:
        """Request the next answer; None if the process has ended."""
        stdin = self._process.stdin
        try:
            print("go", file=stdin, flush=True)
        except BrokenPipeError:
            return None
        return self.answer()

    def answer(self) -> dict[str, Any] | None:
        """Read the next answer; None if the output has ended."""
        line = self._process.stdout.readline() if self._process.stdout else ""
        return json.loads(line) if line else None

    def end(self) -> dict[str, Any] | None:
        """Close its input, wait for its end, and return its last answer."""
        stdin: Any = self._process.stdin
        try:
            with suppress(BrokenPipeError):
                stdin.close()
            return self.answer()
        finally:
            stdout: Any = self._process.stdout
            stdout.close()
            self._process.wait()


@dataclass
class Worker:
    """A worker.py process for one contender, and its figures."""

    contender: Contender
    seconds: list[float] = field(default_factory=list)
    base: float = 0.0  # MiB after importing the library
    peak: float = 0.0  # MiB, maximum up to the end

    def __enter__(self) -> Self:
        self._process = Process("worker.py", *map(str, self.contender))
        try:
            self.base = self._checked(self._process.answer())["base"]
            self._checked(self._process.answer())  # ready
        except RuntimeError:
            self._process.end()
            raise
        return self

    def go(self) -> None:
        """Do the work once."""
        self.seconds.append(self._checked(self._process.ask())["seconds"])

    def __exit__(self, *_: object) -> None:
        self.peak = (self._process.end() or {}).get("peak", 0.0)

    @property
    def median(self) -> float:
        """Median seconds of the work."""
        return statistics.median(self.seconds)

    def _checked(self, answer: dict[str, Any] | None) -> dict[str, Any]:
        if answer is None:
            raise RuntimeError(f"{' '.join(map(str, self.contender))} ended without an answer")
        return answer


def take_turns(contenders: Sequence[Contender], rounds: int) -> dict[Contender, Worker]:
    """Let the contenders do their work `rounds` times, in turns; return their workers."""
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(contender)) for contender in contenders]
        for _ in range(rounds):
            for worker in workers:
                worker.go()
    return {worker.contender: worker for worker in workers}


def alone(contender: Contender, rounds: int = 1) -> Worker:
    """Run one contender without others beside it, to measure its memory."""
    with Worker(contender) as worker:
        for _ in range(rounds):
            worker.go()
    return worker
