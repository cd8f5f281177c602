"""The user's home folder, which a user without an entry in /etc/passwd, as in containers, may lack."""

import os
from pathlib import Path


def home() -> str:
    """The home folder; empty if there is none."""
    try:
        return str(Path.home())
    except RuntimeError:
        return ""


def expanded(path: str | Path) -> Path:
    """`path` with the home folder in place of a leading `~`; unchanged if there is none. `Path.expanduser` raises."""
    return Path(os.path.expanduser(path))  # noqa: PTH111
