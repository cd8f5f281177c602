"""Memory of the machine and of this process: what is free, what is held."""

import os
from functools import cache
from pathlib import Path

import tensorflow as tf


def free() -> float:
    """Bytes that can still be had: of the GPU, or of the machine and of the control group that the process is in.

    What the allocator holds of earlier runs of this process is taken for free: it is used again.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return _of_gpu()
    return min(_of_machine(), _of_group()) + max(0, held() - _held_at_first())


def expected(needed: float) -> float:
    """Bytes that will be held at most: of the GPU, or by the process, whose allocator gives nothing back."""
    if tf.config.list_physical_devices("GPU"):
        return tf.config.experimental.get_memory_info("GPU:0")["current"] + needed
    return max(held(), _held_at_first() + needed)


def held() -> int:
    """Bytes of memory that this process holds now; 0 where that is not known."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, ValueError):
        return 0


@cache
def _held_at_first() -> int:
    return held()


def _of_gpu() -> float:
    from tensorflow.python.client import device_lib  # the one place where TensorFlow says what it may take

    limits = [device.memory_limit for device in device_lib.list_local_devices() if device.device_type == "GPU"]
    return float(limits[0]) - tf.config.experimental.get_memory_info("GPU:0")["current"]


def _of_machine(meminfo: Path = Path("/proc/meminfo")) -> float:
    """What Linux says is available; elsewhere nothing is known."""
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        return float(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return float("inf")


def _of_group(root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> float:
    """What the process's control group, version 2 or 1, and those around it may still take."""
    lines = membership.read_text().splitlines() if membership.is_file() else []
    bounds = [float("inf")]
    for _, controllers, path in (line.split(":", 2) for line in lines):
        if controllers and "memory" not in controllers.split(","):
            continue
        top = root / "memory" if controllers else root
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if controllers else ("memory.max", "memory.current")
        group = top / path.lstrip("/")
        bounds += [_left(folder, *names) for folder in (group, *group.parents) if folder.is_relative_to(top)]
    return min(bounds)


def _left(group: Path, limit: str, usage: str) -> float:
    """What one group may still take; files' caches are given up where memory is wanted."""
    try:
        most, used = (group / limit).read_text().strip(), int((group / usage).read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return float("inf")
    cached = int(stat.get("inactive_file", 0)) + int(stat.get("active_file", 0))
    return float("inf") if most == "max" else float(int(most) - used + cached)
