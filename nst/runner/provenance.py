"""Provenance of a picture: all that is needed to reproduce it, nothing private."""

from __future__ import annotations

import platform
import subprocess
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from nst.assets.find import Asset
from nst.redaction import redacted_data
from nst.runner.folder import at_home
from nst.runtime.device import processors

if TYPE_CHECKING:  # it imports TensorFlow
    from nst.extractor.network import Network

PACKAGES = ("nst", "tensorflow", "keras", "numpy", "pillow", "scikit-image", "hydra-core", "omegaconf")


def describe(assets: dict[str, Asset], network: Network, device: str) -> dict[str, Any]:
    """The provenance as JSON data: pictures and weights with SHA-256 and replacements, options, device, versions."""
    return {
        "pictures": {role: _file(asset) for role, asset in assets.items()},
        "network": at_home(asdict(network.source)),
        **{name: getattr(network.options, name) for name in ("pooling", "precision", "convolution")},
        "device": device,
        "threads": _threads(),
        "versions": versions(),
        "git_commit": git_commit(Path(__file__).parent),
    }


def _file(asset: Asset) -> dict[str, Any]:
    return redacted_data(at_home({**asdict(asset), "path": str(asset.path)}))


def versions() -> dict[str, str]:
    """The versions of Python, the system and the packages that affect results."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # nst runs from a checkout without installation
            continue
    return found


def git_commit(folder: Path) -> str | None:
    """The commit of nst's checkout, with `+changes` if tracked files differ from it; None outside a checkout."""
    if not (folder.parent / ".git").exists():
        return None
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        return commit + ("+changes" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    read = {"capture_output": True, "encoding": "utf-8", "errors": "replace"}
    return subprocess.run(command, check=True, timeout=10, **read).stdout.strip()  # noqa: S603


def peak_memory_mib() -> float:
    """The peak memory of this process, in MiB."""
    try:
        import resource
    except ImportError:  # Windows
        used: Any = psutil.Process().memory_info()
        return round(getattr(used, "peak_wset", used.rss) / 2**20, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def _threads() -> int:
    import tensorflow as tf

    return tf.config.threading.get_intra_op_parallelism_threads() or processors()
