"""Workers that take turns: what slows the machine for a while slows them all."""

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
    """What a worker is started with: as nst itself sets it, before TensorFlow is there, and quiet."""
    own = {"TF_CPU_ALLOCATOR_USE_BFC": "1", "TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    own["CUDA_VISIBLE_DEVICES"] = ""  # processors are compared; PyTorch's side knows no other device
    return {**own, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "scripts")))}


class Contender(NamedTuple):
    """A piece of work, by a library."""

    library: str  # nst, torch, torch-channels-last
    what: str  # vgg19, vgg19_slim, matmul
    precision: str
    side: int = 0  # pixels


class Process:
    """A script of this folder at work: a line goes in, a line of JSON comes out."""

    def __init__(self, script: str, *arguments: str) -> None:
        command = [sys.executable, str(Path(__file__).with_name(script)), *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )

    def ask(self) -> dict[str, Any] | None:
        """Let it go on, and its answer; None where it is at its end."""
        stdin = self._process.stdin
        try:
            print("go", file=stdin, flush=True)
        except BrokenPipeError:
            return None
        return self.answer()

    def answer(self) -> dict[str, Any] | None:
        """Its next line; None where there is none."""
        line = self._process.stdout.readline() if self._process.stdout else ""
        return json.loads(line) if line else None

    def end(self) -> dict[str, Any] | None:
        """Let it end; its last answer."""
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
    """A process with one contender's work ready in it."""

    contender: Contender
    seconds: list[float] = field(default_factory=list)
    base: float = 0.0  # MiB held once the library is there
    peak: float = 0.0  # MiB at the end

    def __enter__(self) -> Self:
        self._process = Process("worker.py", *map(str, self.contender))
        try:
            self.base = self._told(self._process.answer())["base"]
            self._told(self._process.answer())  # it is ready
        except RuntimeError:
            self._process.end()
            raise
        return self

    def go(self) -> None:
        """Let it do the work once."""
        self.seconds.append(self._told(self._process.ask())["seconds"])

    def __exit__(self, *_: object) -> None:
        self.peak = (self._process.end() or {}).get("peak", 0.0)

    @property
    def median(self) -> float:
        """Seconds for the work."""
        return statistics.median(self.seconds)

    def _told(self, answer: dict[str, Any] | None) -> dict[str, Any]:
        if answer is None:
            raise RuntimeError(f"{' '.join(map(str, self.contender))} ended without an answer")
        return answer


def take_turns(contenders: Sequence[Contender], rounds: int) -> dict[Contender, Worker]:
    """Everyone's time and memory, after `rounds` in turns."""
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(contender)) for contender in contenders]
        for _ in range(rounds):
            for worker in workers:
                worker.go()
    return {worker.contender: worker for worker in workers}


def alone(contender: Contender, rounds: int = 1) -> Worker:
    """A contender's memory, with nobody beside it."""
    with Worker(contender) as worker:
        for _ in range(rounds):
            worker.go()
    return worker
