"""Time outside the steps: start-up, observers, and a sweep beside a single run."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import stopwatch
from bench.turns import ROOT, environment
from nst.observers import history

RUNS = 8
TURNS = 3
COMMON = ("extractor=vgg19_slim", "size=512", "fallback=true")


def measure() -> dict[str, float]:
    """{measurement: seconds, or a share}."""
    with tempfile.TemporaryDirectory() as folder:
        return {**_start(Path(folder)), **_observers(Path(folder)), **_sweep(Path(folder))}


def _start(folder: Path) -> dict[str, float]:
    """Time from the command to the first step, taking turns with a bare import of TensorFlow."""
    pairs = [(took([sys.executable, "-c", "import tensorflow"]), _first_step(folder / f"{n}")) for n in range(TURNS)]
    bare, first = (min(seconds) for seconds in zip(*pairs, strict=True))
    return {
        "a bare import of tensorflow, s": bare,
        "command to first step, s": first,
        "command to first step, in bare imports": first / bare,
    }


def _observers(folder: Path) -> dict[str, float]:
    """Time from the first to the last point, with all observers and with the fewest, in turns."""
    timings: dict[str, list[dict[str, float]]] = {"full": [], "quiet": []}
    for turn in range(TURNS):
        for observers, found in timings.items():
            found.append(_timed(folder / f"{observers}{turn}", observers))
    full, quiet = (min(found, key=lambda timing: timing["wall"]) for found in timings.values())
    return {
        "steps with all observers, s": full["wall"],
        "steps with history.csv alone, s": quiet["wall"],
        "added by the others, as a share": full["wall"] / quiet["wall"] - 1,
        "outside evaluations and optimizer, as a share": 1 - full["steps"] / full["wall"],
    }


def _sweep(folder: Path) -> dict[str, float]:
    """Compare a sweep in one process with one start-up plus the steps of its runs, as timed in the sweep."""
    started = time.perf_counter()
    run([f"hydra.run.dir={folder}/single"])
    single = time.perf_counter() - started
    steps = json.loads((folder / "single" / "result.json").read_text())["seconds"]
    sweep = run(["-m", f"loss.style.weight=range(10,{10 * RUNS + 1},10)", f"sweep_dir={folder}/sweep"])
    theirs = [json.loads(path.read_text())["seconds"] for path in (folder / "sweep").glob("*/result.json")]
    return {
        "one run, s": single,
        "its steps, s": steps,
        f"{RUNS} runs in a sweep, s": sweep,
        "their steps, s": sum(theirs),
        "as a share of one start-up and their steps": sweep / (single - steps + sum(theirs)),
    }


def _timed(folder: Path, observers: str) -> dict[str, float]:
    stopwatch_on = "+observers.stopwatch={_target_:bench.stopwatch.Stopwatch}"
    run([f"observers={observers}", stopwatch_on, f"hydra.run.dir={folder}"])
    return json.loads((folder / stopwatch.FILE).read_text())


def _command(arguments: Sequence[str], common: Sequence[str] = COMMON) -> list[str]:
    """The command of a run. Flags come before overrides."""
    return [sys.executable, "-m", "nst.run", *arguments, *common]


def took(command: Sequence[str]) -> float:
    """Run a command and return its seconds."""
    started = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True, env=environment())
    return time.perf_counter() - started


def run(arguments: Sequence[str], common: Sequence[str] = COMMON) -> float:
    """Run nst and return the seconds from start to end of the command."""
    return took(_command(arguments, common))


def _first_step(folder: Path) -> float:
    """Seconds from the command to the first row of history.csv."""
    started = time.perf_counter()
    command = _command(["steps=2", "pyramid=single", f"hydra.run.dir={folder}"])
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while not history.read(folder / history.FILE) and process.poll() is None:
            time.sleep(0.005)
        seconds = time.perf_counter() - started
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return seconds
