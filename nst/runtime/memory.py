"""Free and used memory of the machine and of this process, in bytes."""

import os
from functools import cache
from pathlib import Path

import tensorflow as tf


def free() -> float:
    """Bytes available on the GPU, or else in the machine and in the control group of the process.

    Memory that the allocator keeps from earlier runs of this process counts as free, because it is reused.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return _of_gpu()
    return min(_of_machine(), _of_group()) + max(0, held() - _held_at_first())


def expected(needed: float) -> float:
    """Expected peak in bytes, on the GPU or in the process, if a run needs `needed` bytes; freed memory is kept."""
    if tf.config.list_physical_devices("GPU"):
        return tf.config.experimental.get_memory_info("GPU:0")["current"] + needed
    return max(held(), _held_at_first() + needed)


def held() -> int:
    """Bytes of memory that this process holds; 0 if unknown."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, ValueError):
        return 0


@cache
def _held_at_first() -> int:
    return held()


def _of_gpu() -> float:
    from tensorflow.python.client import device_lib  # TensorFlow reports its limit only here

    limits = [device.memory_limit for device in device_lib.list_local_devices() if device.device_type == "GPU"]
    return float(limits[0]) - tf.config.experimental.get_memory_info("GPU:0")["current"]


def _of_machine(meminfo: Path = Path("/proc/meminfo")) -> float:
    """Available bytes as Linux reports them; infinity on other systems."""
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        return float(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return float("inf")


def _of_group(root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> float:
    """Bytes left in the process's control group (version 2 or 1) and its parents; infinity if there is no limit."""
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
    """Bytes left in one group; the file cache counts as free, because the system releases it on demand."""
    try:
        most, used = (group / limit).read_text().strip(), int((group / usage).read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return float("inf")
    cached = int(stat.get("inactive_file", 0)) + int(stat.get("active_file", 0))
    return float("inf") if most == "max" else float(int(most) - used + cached)
