"""Who is down first: wall time to the loss that PyTorch reaches with so many evaluations of L-BFGS at full size."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from bench.turns import Process

EVALUATIONS = 500  # of PyTorch's
STARTS = ("random", "content")  # the ports' own, and nst's
OURS = ("steps=500", "steps=500 pyramid=single optimizer.history=100")  # overrides: nst's defaults, and PyTorch's way


@dataclass
class Runner:
    """A process on its way down: a turn is one step."""

    arguments: tuple[str, ...]
    seconds: list[float] = field(default_factory=list)  # of every turn
    losses: list[float] = field(default_factory=list)
    full_size: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._process = Process(*self.arguments)
        self._process.answer()  # what memory it starts with
        if not self._note(self._process.answer()):
            self._process.end()
            raise RuntimeError(f"{' '.join(self.arguments)} ended before its first step")

    def go(self) -> bool:
        """One step; False where there is none left."""
        return self._note(self._process.ask())

    def end(self) -> None:
        """Let it end."""
        self._process.end()

    def reaches(self, loss: float) -> float | None:
        """Seconds to the first full-size loss that is no higher than `loss`."""
        passed = zip(accumulate(self.seconds), self.losses, self.full_size, strict=True)
        return next((seconds for seconds, found, full in passed if full and found <= loss), None)

    def _note(self, answer: dict[str, Any] | None) -> bool:
        if answer:
            self.seconds.append(answer["seconds"])
            self.losses.append(answer["loss"])
            self.full_size.append(answer["full_size"])
        return bool(answer)


def run(content: Path, style: Path, weights: Path, evaluations: int = EVALUATIONS) -> dict[str, Any]:
    """Let PyTorch, from either start, and nst take turns; what each took, and how long nst took to PyTorch's loss."""
    pictures = str(content), str(style), str(weights)
    ours = {overrides: Runner(("nst", "race", overrides, *pictures)) for overrides in OURS}
    theirs = {start: Runner(("torch", "race", start, *pictures)) for start in STARTS}
    for _ in range(evaluations - 1):  # the first one is done
        for runner in (*ours.values(), *theirs.values()):
            runner.go()
    for runner in ours.values():
        while runner.go():
            pass
    for runner in (*ours.values(), *theirs.values()):
        runner.end()
    found: dict[str, Any] = {f"nst, {overrides}": _told(runner) for overrides, runner in ours.items()}
    for start, runner in theirs.items():
        goal = min(runner.losses)
        reached = {overrides: runner.reaches(goal) for overrides, runner in ours.items()}
        found[start] = {**_told(runner), "goal": goal, "nst_seconds": reached}
    return found


def _told(runner: Runner) -> dict[str, Any]:
    return {
        "seconds": sum(runner.seconds),
        "steps": len(runner.losses),
        "losses": runner.losses,
        "times": list(accumulate(runner.seconds)),
        "full_size": runner.full_size,
    }
