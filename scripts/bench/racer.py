"""A process of the race: for each input line it does one step and answers with a line of JSON.

    racer.py FOLDER nst|torch OVERRIDES|START CONTENT STYLE WEIGHTS SIDE

It saves a checkpoint in FOLDER every `EVERY` steps. An interrupted racer resumes from it. Its first line holds the
steps done so far.
"""

import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.worker import reply
from nst.runtime.atomic import atomic

EVERY = 25  # steps between checkpoints
STEPS = "steps.json"

Keep = Callable[[Path], object]  # saves a checkpoint in a folder


class Turns:
    """Records the steps and waits for the next line. Start-up, all before the first loss, does not count as time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        checkpoints = [path for path in folder.glob("*") if path.name.isdigit()]
        self.saved = max(checkpoints, key=lambda path: int(path.name), default=None)  # the last checkpoint
        self.steps = json.loads((self.saved / STEPS).read_text()) if self.saved else []
        self._started = 0.0

    def __call__(self, loss: Callable[[], float], comparable: bool, keep: Keep) -> None:
        """Report a finished step and wait. Computing its loss does not count as time."""
        seconds = time.perf_counter() - self._started if self._started else self._usual()
        self.steps.append({"seconds": seconds, "loss": loss(), "comparable": comparable})
        if len(self.steps) % EVERY == 0:
            self._keep(keep)
        reply(self.steps[-1])
        if not sys.stdin.readline():
            raise SystemExit
        self._started = time.perf_counter()

    def _usual(self) -> float:
        """Median seconds of a step; it replaces the first time after a resume, which includes start-up."""
        return statistics.median([step["seconds"] for step in self.steps]) if self.steps else 0.0

    def _keep(self, keep: Keep) -> None:
        with atomic(self._folder / str(len(self.steps))) as part:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            (part / STEPS).write_text(json.dumps(self.steps))
            keep(part)
        if self.saved:
            shutil.rmtree(self.saved)
        self.saved = self._folder / str(len(self.steps))


def main() -> None:
    """Load weights and pictures, then optimize."""
    folder, library, how, content, style, weights, side = sys.argv[1:]
    import_module("tensorflow" if library == "nst" else "torch")
    from bench.work import given
    from nst.image.io import read_image

    turns = Turns(Path(folder))
    reply({"steps": turns.steps})
    first, second = (read_image(Path(picture), int(side), name=picture) for picture in (content, style))
    if library == "torch":
        from bench import torch_port as contender
    else:
        from bench import ours as contender
    contender.race(given(Path(weights)), how, first, second, turns, turns.saved)


if __name__ == "__main__":
    main()
