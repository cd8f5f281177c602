"""A race: wall time of nst to the lowest loss of PyTorch's L-BFGS at full size, with `EVALUATIONS` evaluations."""

import hashlib
import shutil
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from bench.turns import Process
from nst.assets.cache import sha256
from nst.runtime.precision import native

EVALUATIONS = 500  # per racer
SIDE = 512  # long side of the pictures in pixels
STARTS = ("random", "content")  # first pictures of PyTorch: the default of the ports, and that of nst
OURS = (  # overrides: the defaults of nst, and the way of PyTorch
    "steps=500",
    "steps=500 pyramid=single optimizer.history=100",
    *(["steps=500 pyramid=single optimizer.history=100 precision=float32"] if native() else []),
)


@dataclass
class Runner:
    """A racer.py process and its figures; each turn is one step. It resumes from a checkpoint in `folder`, if any."""

    arguments: tuple[str, ...]
    folder: Path
    seconds: list[float] = field(default_factory=list)  # of each turn
    losses: list[float] = field(default_factory=list)
    comparable: list[bool] = field(default_factory=list)  # whether the loss is that at full size, in float32

    def __post_init__(self) -> None:
        self._process = Process("racer.py", str(self.folder / _name(*self.arguments)), *self.arguments)
        for step in (self._process.answer() or {}).get("steps", []):
            self._note(step)
        if not self._note(self._process.answer()) and not self.losses:
            self._process.end()
            raise RuntimeError(f"{' '.join(self.arguments)} ended before its first step")

    def go(self) -> bool:
        """Do one step; return False if the racer has ended."""
        return self._note(self._process.ask())

    def end(self) -> None:
        """End the process."""
        self._process.end()

    def reaches(self, loss: float) -> float | None:
        """Seconds to the first comparable loss of at most `loss`; None if there is none."""
        passed = zip(accumulate(self.seconds), self.losses, self.comparable, strict=True)
        return next((seconds for seconds, found, comparable in passed if comparable and found <= loss), None)

    def _note(self, answer: dict[str, Any] | None) -> bool:
        self.over = not answer
        if answer:
            self.seconds.append(answer["seconds"])
            self.losses.append(answer["loss"])
            self.comparable.append(answer["comparable"])
        return bool(answer)


def run(content: Path, style: Path, weights: Path, folder: Path, evaluations: int = EVALUATIONS) -> dict[str, Any]:
    """Let nst and PyTorch, from both starts, take turns.

    An interrupted race resumes from its checkpoints in `folder`; the folder is deleted at the end.

    Returns:
        Times and losses of each racer, and the seconds that nst takes to PyTorch's lowest loss.
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
    found: dict[str, Any] = {f"nst, {overrides}": _figures(runner) for overrides, runner in ours.items()}
    for start, runner in theirs.items():
        goal = min(runner.losses)
        reached = {overrides: runner.reaches(goal) for overrides, runner in ours.items()}
        found[start] = {**_figures(runner), "goal": goal, "nst_seconds": reached}
    return found


def _name(*arguments: str) -> str:
    """Name of a racer's folder: a hash of its arguments, and of the contents of files among them."""
    parts = [sha256(Path(text)) if Path(text).is_file() else text for text in arguments]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _figures(runner: Runner) -> dict[str, Any]:
    return {
        "seconds": sum(runner.seconds),
        "steps": len(runner.losses),
        "losses": runner.losses,
        "times": list(accumulate(runner.seconds)),
        "comparable": runner.comparable,
    }
