"""A process on its way down: for every line it is sent it does a step, and answers with a line of JSON.

    racer.py FOLDER nst|torch OVERRIDES|START CONTENT STYLE WEIGHTS SIDE

Every now and then it keeps in FOLDER where it stands; one that was stopped goes on from there, and its first line is
what it had told by then.
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

from bench.worker import tell
from nst.runtime.atomic import atomic

EVERY = 25  # steps from one stand to the next
TOLD = "told.json"

Keep = Callable[[Path], object]  # where it stands, into a folder


class Turns:
    """What was told, and the waiting for the next line. Start-up, all before the first loss, is in nobody's time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        stands = [path for path in folder.glob("*") if path.name.isdigit()]
        self.stand = max(stands, key=lambda path: int(path.name), default=None)  # to go on from
        self.told = json.loads((self.stand / TOLD).read_text()) if self.stand else []
        self._started = 0.0

    def __call__(self, loss: Callable[[], float], judged: bool, keep: Keep) -> None:
        """A step is done: tell of it, and wait. Finding its loss is in nobody's time."""
        seconds = time.perf_counter() - self._started if self._started else self._usual()
        self.told.append({"seconds": seconds, "loss": loss(), "judged": judged})
        if len(self.told) % EVERY == 0:
            self._keep(keep)
        tell(self.told[-1])
        if not sys.stdin.readline():
            raise SystemExit
        self._started = time.perf_counter()

    def _usual(self) -> float:
        """Seconds of a step: the first one after a stop has start-up in it."""
        return statistics.median([step["seconds"] for step in self.told]) if self.told else 0.0

    def _keep(self, keep: Keep) -> None:
        with atomic(self._folder / str(len(self.told))) as part:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            (part / TOLD).write_text(json.dumps(self.told))
            keep(part)
        if self.stand:
            shutil.rmtree(self.stand)
        self.stand = self._folder / str(len(self.told))


def main() -> None:
    """Make ready, then go down."""
    folder, library, how, content, style, weights, side = sys.argv[1:]
    import_module("tensorflow" if library == "nst" else "torch")
    from bench.work import given
    from nst.image.io import read_image

    turns = Turns(Path(folder))
    tell({"told": turns.told})
    first, second = (read_image(Path(picture), int(side), name=picture) for picture in (content, style))
    if library == "torch":
        from bench import torch_port as contender
    else:
        from bench import ours as contender
    contender.race(given(Path(weights)), how, first, second, turns, turns.stand)


if __name__ == "__main__":
    main()
