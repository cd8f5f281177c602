"""Files that nst writes into its own folders, which anybody may have changed since.

What is not a regular file, links included, is renamed, never deleted or followed.
"""

import logging
import os
import stat
from itertools import count
from pathlib import Path

from nst.runtime.regular import descriptor

log = logging.getLogger(__name__)

ASIDE = "set-aside"  # last part of the name of what is set aside


def for_writing(path: Path, flags: int) -> int:
    """The descriptor of `path`, created if it is missing; what is no regular file there is set aside first.

    Raises:
        OSError: it cannot be created or written.
    """
    if is_foreign(path):
        set_aside(path, "it is not a regular file")
    return descriptor(path, flags | os.O_CREAT, follow=False)


def is_foreign(path: Path) -> bool:
    """Whether something other than a regular file is at `path`; a link counts, also one to a regular file."""
    try:
        return not stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder at `path`; a link to one does not count."""
    return path.is_dir() and not path.is_symlink()


def set_aside(path: Path, why: object) -> Path:
    """Rename `path`, which cannot be used because of `why`, log a warning, and return the new path.

    Raises:
        OSError: the folder cannot be written.
    """
    free = (path.with_name(f"{path.name}.{ASIDE}{number or ''}") for number in count())
    new = next(aside for aside in free if not os.path.lexists(aside))
    path.rename(new)
    reason = " ".join(str(getattr(why, "strerror", None) or why).split())
    log.warning("%s cannot be used (%s); it is kept as %s", path, reason, new.name)
    return new
