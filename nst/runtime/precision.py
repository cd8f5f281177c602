"""Number type of the network's convolutions. The picture, Gram matrices, losses and the optimizer use float32."""

import re
from enum import Enum
from functools import cache
from pathlib import Path

NATIVE = {"avx512_bf16", "amx_bf16"}  # x86 instructions for bfloat16 products
AMPERE = (8, 0)  # lowest compute capability of GPUs with bfloat16 products


class Precision(Enum):
    """`auto` is bfloat16 if the hardware multiplies it natively, else float32."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"

    def resolve(self) -> str:
        """The name of the type: `float32` or `bfloat16`."""
        if self is Precision.auto:
            return "bfloat16" if native() else "float32"
        return self.value


@cache
def native() -> bool:
    """Whether the device multiplies bfloat16 natively; without that, float32 is faster."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = (tf.config.experimental.get_device_details(gpu) for gpu in gpus)
        return all(tuple(detail.get("compute_capability") or (0, 0)) >= AMPERE for detail in details)
    return multiplies(Path("/proc/cpuinfo"))


def multiplies(cpuinfo: Path) -> bool:
    """Whether every processor in Linux's `cpuinfo` multiplies bfloat16 natively; False if the file is missing."""
    try:
        flags = re.findall(r"^flags\s*:(.*)$", cpuinfo.read_text("utf-8"), re.MULTILINE)
    except OSError:
        return False
    return bool(flags) and all(NATIVE & set(line.split()) for line in flags)
