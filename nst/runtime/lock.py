"""Locks between processes, by files that the system unlocks when a process ends."""

import fcntl
import time
from pathlib import Path
from typing import IO

NAME = ".lock"  # of the file in a folder
_POLL = 0.05


def hold(file: IO[str], seconds: float, *, required: bool = True) -> bool:
    """Lock an open file, waiting `seconds` at most for another process; whether it is locked.

    Where the file system has no locks, it counts as locked unless the lock is `required`.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL)
        except OSError:
            return not required
        else:
            return True


def held(path: Path) -> bool:
    """Whether another process holds the lock of the file `path`."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
