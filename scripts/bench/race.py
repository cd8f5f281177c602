"""Who is down first: wall time to the loss that PyTorch reaches with so many evaluations of L-BFGS at full size."""

import hashlib
import shutil
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from bench.turns import Process
from nst.assets.cache import sha256
from nst.runtime.precision import native

EVALUATIONS = 500  # of PyTorch's
SIDE = 512  # of the pictures, the longer one
STARTS = ("random", "content")  # the ports' own, and nst's
OURS = (  # overrides: nst's defaults, and PyTorch's way
    "steps=500",
    "steps=500 pyramid=single optimizer.history=100",
    *(["steps=500 pyramid=single optimizer.history=100 precision=float32"] if native() else []),
)


@dataclass
class Runner:
    """A racer.py on its way down: a turn is one step. One that was stopped before goes on from what `folder` holds."""

    arguments: tuple[str, ...]
    folder: Path
    seconds: list[float] = field(default_factory=list)  # of every turn
    losses: list[float] = field(default_factory=list)
    judged: list[bool] = field(default_factory=list)  # is the loss that of the full size, in float32?

    def __post_init__(self) -> None:
        self._process = Process("racer.py", str(self.folder / _name(*self.arguments)), *self.arguments)
        for step in (self._process.answer() or {}).get("told", []):
            self._note(step)
        if not self._note(self._process.answer()) and not self.losses:
            self._process.end()
            raise RuntimeError(f"{' '.join(self.arguments)} ended before its first step")

    def go(self) -> bool:
        """One step; False where there is none left."""
        return self._note(self._process.ask())

    def end(self) -> None:
        """Let it end."""
        self._process.end()

    def reaches(self, loss: float) -> float | None:
        """Seconds to the first judged loss that is no higher than `loss`."""
        passed = zip(accumulate(self.seconds), self.losses, self.judged, strict=True)
        return next((seconds for seconds, found, judged in passed if judged and found <= loss), None)

    def _note(self, answer: dict[str, Any] | None) -> bool:
        self.over = not answer
        if answer:
            self.seconds.append(answer["seconds"])
            self.losses.append(answer["loss"])
            self.judged.append(answer["judged"])
        return bool(answer)


def run(content: Path, style: Path, weights: Path, folder: Path, evaluations: int = EVALUATIONS) -> dict[str, Any]:
    """Let PyTorch, from either start, and nst take turns; what each took, and how long nst took to PyTorch's loss.

    A race that was stopped goes on from what it has kept in `folder`, which goes when it is over.
    """
    pictures = str(content), str(style), str(weights), str(SIDE)
    ours = {overrides: Runner(("nst", overrides, *pictures), folder) for overrides in OURS}
    theirs = {start: Runner(("torch", start, *pictures), folder) for start in STARTS}
    runners = [*ours.values(), *theirs.values()]
    while behind := [runner for runner in runners if len(runner.losses) < evaluations and not runner.over]:
        for runner in behind:
            runner.go()
    for runner in runners:
        runner.end()
    shutil.rmtree(folder, ignore_errors=True)
    found: dict[str, Any] = {f"nst, {overrides}": _told(runner) for overrides, runner in ours.items()}
    for start, runner in theirs.items():
        goal = min(runner.losses)
        reached = {overrides: runner.reaches(goal) for overrides, runner in ours.items()}
        found[start] = {**_told(runner), "goal": goal, "nst_seconds": reached}
    return found


def _name(*arguments: str) -> str:
    """Of a racer's folder: by what it is told, and what is in the files among that."""
    parts = [sha256(Path(text)) if Path(text).is_file() else text for text in arguments]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _told(runner: Runner) -> dict[str, Any]:
    return {
        "seconds": sum(runner.seconds),
        "steps": len(runner.losses),
        "losses": runner.losses,
        "times": list(accumulate(runner.seconds)),
        "judged": runner.judged,
    }
