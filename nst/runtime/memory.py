"""Free and used memory of the machine and of this process, in bytes."""

from functools import cache
from pathlib import Path

import psutil
import tensorflow as tf


def free() -> float:
    """Bytes available on the GPU, or else in the machine and in the control group of the process.

    Memory that the allocator keeps from earlier runs of this process counts as free, because it is reused.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return _of_gpu()
    return min(psutil.virtual_memory().available, _of_group()) + max(0, held() - _held_at_first())


def expected(needed: float) -> float:
    """Expected peak in bytes, on the GPU or in the process, if a run needs `needed` bytes; freed memory is kept."""
    if tf.config.list_physical_devices("GPU"):
        return tf.config.experimental.get_memory_info("GPU:0")["current"] + needed
    return max(held(), _held_at_first() + needed)


def held() -> int:
    """Bytes of memory that this process holds."""
    return psutil.Process().memory_info().rss


@cache
def _held_at_first() -> int:
    return held()


def _of_gpu() -> float:
    from tensorflow.python.client import device_lib  # TensorFlow reports its limit only here

    limits = [device.memory_limit for device in device_lib.list_local_devices() if device.device_type == "GPU"]
    return float(limits[0]) - tf.config.experimental.get_memory_info("GPU:0")["current"]


def _of_group(root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> float:
    """Bytes left in the process's control group (version 2 or 1) and its parents; infinity if there is no limit."""
    lines = membership.read_text("utf-8").splitlines() if membership.is_file() else []
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
        most, used = (group / limit).read_text("ascii").strip(), int((group / usage).read_text("ascii"))
        stat = dict(line.split() for line in (group / "memory.stat").read_text("ascii").splitlines())
    except (OSError, ValueError):
        return float("inf")
    cached = int(stat.get("inactive_file", 0)) + int(stat.get("active_file", 0))
    return float("inf") if most == "max" else float(int(most) - used + cached)
