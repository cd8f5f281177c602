"""Keeping the process's memory between steps."""

import ctypes
import platform

M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8
"""Of malloc.h."""

KEPT = 2**31 - 1
"""Bytes that may lie unused before any is given back."""


def keep() -> None:
    """Have glibc keep freed blocks.

    By default it returns large ones to the system at once, and a training step, which asks for the same ones again,
    spends most of its time on page faults. Other systems are left as they are.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        for parameter, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, KEPT), (M_ARENA_MAX, 1)):
            libc.mallopt(parameter, value)
