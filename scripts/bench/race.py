"""Who is down first: wall time to the loss that PyTorch reaches with so many evaluations of L-BFGS at full size."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from bench.turns import WORKER, environment

EVALUATIONS = 500  # of PyTorch's
STARTS = ("random", "content")  # the ports' own, and nst's
STEPS = (350, 1000)  # of nst's runs: the default, and one for who wants to go on


@dataclass
class Runner:
    """A process on its way down: a turn is one step."""

    arguments: tuple[str, ...]
    seconds: list[float] = field(default_factory=list)  # of every turn
    losses: list[float] = field(default_factory=list)
    full_size: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        command = [sys.executable, str(WORKER), *self.arguments]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )
        self._line()  # what memory it starts with
        self._note()

    def go(self) -> bool:
        """One step; False where there is none left."""
        if self.process.stdin and self.process.poll() is None:
            self.process.stdin.write("go\n")
            self.process.stdin.flush()
            return self._note()
        return False

    def end(self) -> None:
        """Let it end."""
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait()

    def reaches(self, loss: float) -> float | None:
        """Seconds to the first full-size loss that is no higher than `loss`."""
        passed = zip(accumulate(self.seconds), self.losses, self.full_size, strict=True)
        return next((seconds for seconds, found, full in passed if full and found <= loss), None)

    def _line(self) -> str:
        return self.process.stdout.readline() if self.process.stdout else ""

    def _note(self) -> bool:
        line = self._line()
        if line:
            told = json.loads(line)
            self.seconds.append(told["seconds"])
            self.losses.append(told["loss"])
            self.full_size.append(told["full_size"])
        return bool(line)


def run(content: Path, style: Path, weights: Path, evaluations: int = EVALUATIONS) -> dict[str, object]:
    """Let PyTorch, from either start, and nst take turns; what each took, and how much less nst did."""
    pictures = str(content), str(style), str(weights)
    ours = {steps: Runner(("nst", "race", str(steps), *pictures)) for steps in STEPS}
    theirs = {start: Runner(("torch", "race", start, *pictures)) for start in STARTS}
    for turn in range(evaluations - 1):  # the first one is done
        for runner in (*ours.values(), *theirs.values()):
            runner.go()
        ours[STEPS[-1]].go()  # twice: with so many more steps to go it would end with nobody beside it
        if turn % 20 == 0:
            print(turn, flush=True)
    for runner in ours.values():
        while runner.go():
            pass
    for runner in (*ours.values(), *theirs.values()):
        runner.end()
    found: dict[str, object] = {f"nst, steps={steps}": _told(runner) for steps, runner in ours.items()}
    for start, runner in theirs.items():
        goal = min(runner.losses)
        took = {steps: runner.reaches(goal) for steps, runner in ours.items()}
        found[start] = {
            **_told(runner),
            "goal": goal,
            "nst_seconds": took,
            "ratio": {steps: seconds / sum(runner.seconds) for steps, seconds in took.items() if seconds},
        }
    return found


def _told(runner: Runner) -> dict[str, object]:
    return {
        "seconds": sum(runner.seconds),
        "steps": len(runner.losses),
        "losses": runner.losses,
        "times": list(accumulate(runner.seconds)),
        "full_size": runner.full_size,
    }
