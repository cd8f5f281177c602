"""What surrounds the steps: start-up, observers, a sweep's runs beside a single one's."""

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
    """{what: seconds, or a share}."""
    with tempfile.TemporaryDirectory() as folder:
        return {**_start(Path(folder)), **_observers(Path(folder)), **_sweep(Path(folder))}


def _start(folder: Path) -> dict[str, float]:
    """From the command to the first step, taking turns with what cannot be avoided."""
    pairs = [(took([sys.executable, "-c", "import tensorflow"]), _first_step(folder / f"{n}")) for n in range(TURNS)]
    bare, first = (min(seconds) for seconds in zip(*pairs, strict=True))
    return {
        "a bare import of tensorflow, s": bare,
        "command to first step, s": first,
        "command to first step, in bare imports": first / bare,
    }


def _observers(folder: Path) -> dict[str, float]:
    """First point to last, with all observers on and with the fewest, in turns."""
    watches: dict[str, list[dict[str, float]]] = {"full": [], "quiet": []}
    for turn in range(TURNS):
        for observers, seen in watches.items():
            seen.append(_watched(folder / f"{observers}{turn}", observers))
    full, quiet = (min(seen, key=lambda watch: watch["wall"]) for seen in watches.values())
    return {
        "steps with all observers, s": full["wall"],
        "steps with history.csv alone, s": quiet["wall"],
        "what the others add, as a share": full["wall"] / quiet["wall"] - 1,
        "outside of evaluations and optimizer, as a share": 1 - full["steps"] / full["wall"],
    }


def _sweep(folder: Path) -> dict[str, float]:
    """Several runs in one process, against one start and the runs' own steps: the machine may slow down between."""
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
        "as a share of one start and their steps": sweep / (single - steps + sum(theirs)),
    }


def _watched(folder: Path, observers: str) -> dict[str, float]:
    watch = "+observers.stopwatch={_target_:bench.stopwatch.Stopwatch}"
    run([f"observers={observers}", watch, f"hydra.run.dir={folder}"])
    return json.loads((folder / stopwatch.FILE).read_text())


def _command(arguments: Sequence[str], common: Sequence[str] = COMMON) -> list[str]:
    """A run's; flags come before the overrides."""
    return [sys.executable, "-m", "nst.run", *arguments, *common]


def took(command: Sequence[str]) -> float:
    """Seconds that a command took."""
    started = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True, env=environment())
    return time.perf_counter() - started


def run(arguments: Sequence[str], common: Sequence[str] = COMMON) -> float:
    """Seconds that a run, or a sweep, takes from command to end."""
    return took(_command(arguments, common))


def _first_step(folder: Path) -> float:
    """From the command to the first row of history.csv."""
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
