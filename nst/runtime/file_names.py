"""Names of files and folders that Windows can use.

https://learn.microsoft.com/windows/win32/fileio/naming-a-file lists the rules.
"""

import os
import re
from pathlib import Path, PureWindowsPath

from nst.errors import InputError, printable
from nst.runtime import system

LONGEST_PATH = 259  # characters of a path; Windows' MAX_PATH counts a closing null, too
LONGEST_FILE = 80  # characters of names in a run folder, with the folder `snapshots`; those of temporary files, too
SHORTEST = 20  # characters of a run's name that must fit: a hash, and what it stands for
_MOST = LONGEST_PATH - 1 - LONGEST_FILE  # of a run folder's path
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9\u00b9\u00b2\u00b3])[ .]*([.:].*)?", re.I | re.S)


def problem(name: str) -> str:
    """Why Windows has no file or folder `name`, like `'NUL' is the name of a device`; empty if it can have one."""
    if found := _FORBIDDEN.search(name):
        return f"{found[0]!r} is not allowed in names"
    if device := _DEVICE.fullmatch(name):
        return f"'{device[1]}' is the name of a device"
    return "a name cannot end with a dot or a space" if name.endswith((".", " ")) else ""


def check_folder(folder: Path, below: int = 0) -> None:
    """On Windows, check that there can be a run in `folder`, or in one with a name of `below` characters in it.

    Raises:
        InputError: a part of the path is not allowed, or the path is too long for the files in it.
    """
    if not system.WINDOWS:
        return
    whole = _absolute(folder)
    for part in whole.parts[1:]:
        if why := problem(part):
            raise InputError(f"{printable(str(folder))}: Windows has no folder '{printable(part)}', because {why}")
    length, most = len(str(whole)), _MOST - (below + 1 if below else 0)
    if length > most:
        raise InputError(
            f"{folder}: its path has {length} characters, at most {most} on Windows; choose a shorter output.folder, "
            f"sweep_dir or hydra.run.dir"
        )


def room(folder: Path) -> int:
    """The most characters of the name of a run folder in `folder` on Windows.

    Raises:
        InputError: as `check_folder`; there is no room for `SHORTEST` characters.
    """
    check_folder(folder, SHORTEST)
    return _MOST - len(str(_absolute(folder))) - 1


def _absolute(folder: Path) -> PureWindowsPath:
    return PureWindowsPath(os.path.abspath(folder))  # noqa: PTH100  links stay
