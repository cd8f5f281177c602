"""What a picture came of: enough to make it again, nothing that is nobody's business."""

from __future__ import annotations

import hashlib
import json
import platform
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nst.assets.find import Asset
from nst.folder import at_home
from nst.record import Level

if TYPE_CHECKING:  # it brings TensorFlow, which nothing here needs at once
    from nst.extractor.network import Network

PACKAGES = ("nst", "tensorflow", "keras", "numpy", "pillow", "scikit-image", "hydra-core", "omegaconf")
# Where, how often and to whom is told what; and how the network computes, which is taken as it was resolved.
NOT_IDENTITY = ("observers", "score", "sweep_dir", "threads", "checkpoint", "precision", "metrics")


def describe(assets: dict[str, Asset], network: Network, device: str) -> dict[str, Any]:
    """Pictures and weights with their sha256, what stood in for what, versions, machine."""
    return {
        "pictures": {role: at_home({**asdict(asset), "path": str(asset.path)}) for role, asset in assets.items()},
        "network": at_home(asdict(network.source)),
        **{name: getattr(network.options, name) for name in ("pooling", "precision", "convolution")},
        "device": device,
        "threads": _threads(),
        "versions": versions(),
        "git_commit": git_commit(Path(__file__).parent),
    }


def identity(config: dict[str, Any], assets: dict[str, Asset], network: Network, levels: Sequence[Level]) -> str:
    """A hash of all that decides the picture; runs of the same identity are the same run."""
    kept = {key: value for key, value in config.items() if key not in NOT_IDENTITY}
    kept["output"] = {key: value for key, value in config.get("output", {}).items() if key != "folder"}
    kept["extractor"] = {key: value for key, value in config.get("extractor", {}).items() if key != "convolution"}
    pictures = {role: asset.sha256 for role, asset in assets.items()}
    computing = [network.options.precision, network.options.convolution]
    what = [kept, pictures, network.source.name, network.source.sha256, *computing, [list(level) for level in levels]]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def versions() -> dict[str, str]:
    """Of Python, the system and the packages that matter."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # nst run from a checkout that is not installed
            continue
    return found


def git_commit(folder: Path) -> str | None:
    """The commit nst runs from, `+changes` where the tree differs from it; None outside a checkout of its own."""
    if not (folder.parent / ".git").exists():
        return None
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        return commit + ("+changes" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()  # noqa: S603


def peak_memory_mib() -> float:
    """The most memory this process has held, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def _threads() -> int:
    import os

    import tensorflow as tf

    return tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1
