"""In what numbers the network computes. The picture, Gram matrices, losses and the optimizer are float32 always."""

import re
from enum import Enum
from functools import cache
from pathlib import Path

NATIVE = {"avx512_bf16", "amx_bf16"}  # instructions of x86 processors that multiply bfloat16
AMPERE = (8, 0)  # compute capability from which GPUs do


class Precision(Enum):
    """`auto` is bfloat16 where the hardware multiplies it by itself, float32 elsewhere."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"

    def resolve(self) -> str:
        """The name of the type the convolutions compute in."""
        if self is Precision.auto:
            return "bfloat16" if native() else "float32"
        return self.value


@cache
def native() -> bool:
    """Whether the device that will compute multiplies bfloat16 by itself; where it does not, float32 is faster."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = (tf.config.experimental.get_device_details(gpu) for gpu in gpus)
        return all(tuple(detail.get("compute_capability") or (0, 0)) >= AMPERE for detail in details)
    return multiplies(Path("/proc/cpuinfo"))


def multiplies(cpuinfo: Path) -> bool:
    """Whether every processor in Linux's `cpuinfo` has an instruction for it; no where there is no such file."""
    try:
        flags = re.findall(r"^flags\s*:(.*)$", cpuinfo.read_text(), re.MULTILINE)
    except OSError:
        return False
    return bool(flags) and all(NATIVE & set(line.split()) for line in flags)
