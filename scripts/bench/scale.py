"""Overhead per run of a sweep, by launcher: the slope between a short and a long sweep."""

import importlib.util
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.around import run
from bench.nodes import node, until_it_answers
from nst.report.runs import find

SHORT, LONG = 4, 20  # runs
TINY = ("extractor=vgg19_slim", "size=64", "steps=2", "pyramid=single", "fallback=true")
LAUNCHERS: dict[str, tuple[str, ...]] = {
    "one process (Hydra's own)": (),
    "nst_joblib, 2 workers": ("hydra/launcher=nst_joblib", "hydra.launcher.n_jobs=2"),
    "nst_slurm, here by submitit's local executor": (
        "hydra/launcher=nst_slurm",
        "hydra.launcher.cluster=local",
        "hydra.launcher.poll_interval=0.2",
    ),
}


def measure() -> list[dict[str, Any]]:
    """One table row per launcher."""
    launchers = dict(LAUNCHERS)
    with tempfile.TemporaryDirectory() as folder, _cluster() as address:
        if address:
            launchers["nst_ray, 2 at once"] = ("hydra/launcher=nst_ray", f"hydra.launcher.address={address}")
        return [_row(name, launcher, Path(folder) / str(n)) for n, (name, launcher) in enumerate(launchers.items())]


def _row(name: str, launcher: Sequence[str], folder: Path) -> dict[str, Any]:
    short, long = (_swept(launcher, count, folder / str(count)) for count in (SHORT, LONG))
    each = (long - short) / (LONG - SHORT)
    return {"launcher": name, "before the first run and after the last, s": short - SHORT * each, "each run, s": each}


def _swept(launcher: Sequence[str], count: int, folder: Path) -> float:
    took = run(["-m", *launcher, f"seed=range({count})", f"sweep_dir={folder}"], TINY)
    found, _ = find([folder])
    if [one.status for one in found] != ["done"] * count:
        raise RuntimeError(f"{folder}: not all {count} runs are done")
    return took


@contextmanager
def _cluster() -> Iterator[str | None]:
    """Run a Ray cluster of one node inside the context. Yield its address, or None if Ray is not installed."""
    if importlib.util.find_spec("ray") is None:
        yield None
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="ray") as short:  # socket paths must be short
        head = ("--head", "--node-ip-address=127.0.0.1", f"--port={port}", "--num-cpus=2", "--include-dashboard=false")
        with node(*head, f"--temp-dir={short}"):
            until_it_answers(port)
            yield f"127.0.0.1:{port}"
