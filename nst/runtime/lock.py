"""File locks between processes; the system releases them when a process ends."""

import fcntl
import time
from pathlib import Path
from typing import IO

NAME = ".lock"  # name of the lock file in a folder
_POLL = 0.05  # seconds


def hold(file: IO[str], seconds: float, *, required: bool = True) -> bool:
    """Lock an open file, waiting up to `seconds` for another process; return whether it is locked.

    On a file system without locks the file counts as locked, unless the lock is `required`.
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
    """Whether another process holds the lock on the file `path`."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
