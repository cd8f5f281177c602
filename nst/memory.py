"""How much memory a run will take, said before it starts; and the largest picture that would fit, where it does not.

Counted are the tensors that are there at once at the worst moment of the largest level, in the network's first block:
what the backward pass keeps, what is being worked on, the weights, the optimizer's state, what losses work with beside
their features. Against what was measured it is right to a quarter (`tests/test_memory.py`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from nst.errors import InputError
from nst.extractor.network import Network
from nst.extractor.winograd import PLACES, pays
from nst.image import MIN_SIDE
from nst.layers import STYLE_LAYERS
from nst.loss import Objective
from nst.optimizer.contract import Optimizer

FLOAT = 4  # bytes
PICTURE = 3 * FLOAT  # bytes of a pixel
PICTURES = 30  # beside the optimizer's state: a step's own, and those that observers have not seen yet
GIB = 2**30
WORKED_ON = 3  # tensors of the widest layer that are there at once: a gradient, its mask, what it becomes
MEASURED_ON = 3  # tensors of the widest layer that measuring has at once: convolved, with bias, above 0


class Plan(NamedTuple):
    """What is known of a run that its memory depends on."""

    network: Network
    objective: Objective
    optimizer: Optimizer
    style_area: float  # of the largest style, as a multiple of the content's
    targets: int = 1  # kept at once for a level: jitter has one for each shift
    metric_network: Network | None = None  # None leaves the metrics out
    metric_area: float = 1.0  # of the largest picture that is measured, as a multiple of the content's
    watched: bool = False  # whether pictures are measured while steps are taken

    def needed(self, height: int, width: int) -> float:
        """Bytes beside those the process holds by now, for pictures of `height` x `width` at most."""
        state = tf.nest.flatten(self.optimizer.init(tf.zeros([1, 1, 1, 3])))
        pictures = PICTURE * (PICTURES + sum(leaf.shape.num_elements() // 3 for leaf in state))
        step = self._losses() + max(self._step(), self.style_area * self._forward())
        kernels = weights(self.network, self.objective.layers)
        pixels = height * width
        steps, metrics = pixels * step, self._metrics(self.metric_area * pixels)
        return kernels + pixels * pictures + (steps + metrics if self.watched else max(steps, metrics))

    def _step(self) -> float:
        """Bytes per pixel of a forward and a backward pass."""
        size, layers = self._size(), self._layers()
        features = sum(FLOAT * values for name, values in layers.items() if name in self.objective.layers)
        widest = size * max(layers.values(), default=0)
        looked_up = self.network.options.pooling == "max"  # its backward pass needs input and output
        pools = 2 * size * sum(layers.values()) / 4 if looked_up else 0
        return sum(layers.values()) + features + pools + WORKED_ON * widest  # a byte for each; features' gradients

    def _forward(self) -> float:
        """Bytes per pixel of a forward pass whose features are measured."""
        return 2 * self._size() * max(self._layers().values(), default=0)

    def _metrics(self, pixels: float) -> float:
        """Bytes that measuring the result takes: the picture's features at all style layers at once."""
        if self.metric_network is None:
            return 0
        network = self.metric_network
        values = values_per_pixel(network, network.layers)
        features = FLOAT * sum(values.get(layer, 0) for layer in STYLE_LAYERS)
        widest = FLOAT * max(values.values())
        kernels = weights(network, network.layers) / 2  # forward only
        return kernels + pixels * (features + MEASURED_ON * widest)

    def _losses(self) -> float:
        """Bytes per pixel that losses work with, and of the targets that are as large as features but the first."""
        layers, work, kept = self._layers(), 0.0, 0.0
        for name, loss in self.objective.terms:
            features = FLOAT * sum(layers.get(layer, 0) for layer in loss.layers)
            copies = getattr(loss, "copies", 0)
            work += copies * features
            kept += features if copies or name.startswith("content") else 0
        return work + (self.targets - 1) * kept

    def _size(self) -> int:
        return tf.as_dtype(self.network.options.precision).size

    def _layers(self) -> dict[str, float]:
        return values_per_pixel(self.network, self.objective.layers)


def values_per_pixel(network: Network, layers: Sequence[str]) -> dict[str, float]:
    """{layer: values per pixel of the picture}, of all that `layers` need."""
    return {name: network.weights[name][0].shape[3] / 4 ** (int(name[5]) - 1) for name in network.needed(layers)}


def weights(network: Network, layers: Sequence[str]) -> float:
    """Bytes of the kernels in both directions, as they are computed with."""
    total = 0.0
    for name in network.needed(layers):
        kernel = network.weights[name][0]
        spread = network.options.convolution == "winograd" and pays(kernel)
        total += 2 * FLOAT * kernel.size * (PLACES**2 / 9 if spread else 1)
    return total


def fitted(plan: Plan, height: int, width: int) -> float:
    """The bytes that the run will take.

    Raises:
        InputError: it would not fit; the message says what would.
    """
    available, needed = free(), plan.needed(height, width)
    if needed > available:
        raise InputError(
            f"{width}x{height} pixels would take {needed / GIB:.1f} GiB of memory, and {available / GIB:.1f} are free; "
            f"{_instead(plan, height, width, available)}"
        )
    return needed


def _instead(plan: Plan, height: int, width: int, available: float) -> str:
    """What would fit."""
    own = plan._replace(metric_network=plan.network.as_trained)
    if own.needed(height, width) <= available:
        return "metrics.network=own measures with the run's own network, and fits"
    side = largest(plan, height, width, available)
    return "no size of it fits" if side is None else f"the largest that fits is size={side}"


def largest(plan: Plan, height: int, width: int, available: float) -> int | None:
    """The largest long side, in pixels, of a picture of that shape that fits; None where none does."""
    whole, fits, fails = max(height, width), 0, max(height, width) + 1
    while fails - fits > 1:
        side = (fits + fails) // 2
        if plan.needed(round(height * side / whole), round(width * side / whole)) <= available:
            fits = side
        else:
            fails = side
    return fits if fits * min(height, width) / whole >= MIN_SIDE else None


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
