"""What surrounds the steps: start-up, observers, a sweep's runs beside a single one's."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from nst.observers import history
from nst.provenance import versions

ROOT = Path(__file__).resolve().parents[2]
RUNS = 8
COMMON = ("extractor=vgg19_slim", "size=512", "fallback=true")


def machine() -> str:
    """Processor, cores, and the versions that matter."""
    models = {line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")}
    found = versions()
    about = f"{os.cpu_count()} x {', '.join(sorted(models)) or platform.processor()}"
    return f"{about}; TensorFlow {found.get('tensorflow')}, Python {found['python']}"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.is_file() else []


def measure() -> dict[str, float]:
    """{what: seconds, or a share}."""
    bare = min(_seconds([sys.executable, "-c", "import tensorflow"]) for _ in range(3))
    with tempfile.TemporaryDirectory() as folder:
        first = min(_first_step(Path(folder) / f"first{index}") for index in range(3))
        single = _run(Path(folder) / "single", ["seed=0"])
        sweep = _seconds(_command(["-m", f"loss.style.weight=range(1,{RUNS + 1})", f"sweep_dir={folder}/sweep"]))
    return {
        "bare import of tensorflow, s": bare,
        "command to first step, s": first,
        "as a share of the bare import": first / bare,
        "one run's steps, s": single["seconds"],
        "one run, command to end, s": single["wall"],
        f"{RUNS} runs of a sweep, s": sweep,
        "as a share of start-up and their steps": sweep / (first + RUNS * single["seconds"]),
    }


def _command(overrides: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "nst.run", *COMMON, *overrides]


def _seconds(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    return time.perf_counter() - started


def _run(folder: Path, overrides: Sequence[str]) -> dict[str, float]:
    wall = _seconds(_command([*overrides, f"hydra.run.dir={folder}"]))
    return {"wall": wall, "seconds": json.loads((folder / "result.json").read_text())["seconds"]}


def _first_step(folder: Path) -> float:
    """From the command to the first row of history.csv."""
    started = time.perf_counter()
    command = _command(["steps=2", "pyramid=single", f"hydra.run.dir={folder}"])
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not history.read(folder / history.FILE) and process.poll() is None:
            time.sleep(0.005)
        return time.perf_counter() - started
