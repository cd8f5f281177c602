"""Keep freed memory in the process between training steps."""

import ctypes
import platform

M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8
"""Constants of malloc.h."""

KEPT = 2**31 - 1
"""Unused bytes that glibc may keep."""


def keep() -> None:
    """Make glibc keep freed memory blocks.

    By default, glibc returns large blocks to the system at once. A training step allocates the same blocks again and
    spends most of its time on page faults. On other C libraries this does nothing.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        for parameter, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, KEPT), (M_ARENA_MAX, 1)):
            libc.mallopt(parameter, value)
