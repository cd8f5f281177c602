"""A description of this machine, for published figures."""

import os
import platform
from pathlib import Path

from nst.runner.provenance import versions

INSTRUCTIONS = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 BF16", "avx512f": "AVX-512", "avx2": "AVX2"}
"""{flag of x86 CPUs: name}, the fastest instructions first."""


def machine() -> str:
    """Cores, CPU model, its fastest instructions, and the versions of TensorFlow and Python."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    models = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    fastest = next((f" with {name}" for flag, name in INSTRUCTIONS.items() if flag in flags), "")
    found = versions()
    about = f"{os.cpu_count()} cores of {', '.join(sorted(models)) or platform.processor()}{fastest}"
    return f"{about}; TensorFlow {found.get('tensorflow')}, Python {found['python']}"
