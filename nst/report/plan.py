"""The plan of a sweep: its command, with which it is resumed, and the runs that its report misses if it is stopped."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nst.bounded import DataError, from_json
from nst.runner.folder import CONFIG, RESULT
from nst.runner.recorded import checked
from nst.runtime.atomic import atomic
from nst.runtime.data_files import read_text

FILE = ".sweep.json"  # in the sweep's folder
SHAPE = {"command": [str], "runs": [str], "left": int}


def write_runs(sweep: Path, names: Sequence[str] | None, command: Sequence[str] = ()) -> None:
    """Write the plan of a sweep, before its first run.

    Args:
        sweep: its folder.
        names: the names of its run folders; None if they are not known before, as in a search.
        command: the overrides of its command, without secrets.
    """
    _write(sweep, {"command": list(command), **({} if names is None else {"runs": list(names)})})


def write_left(sweep: Path, count: int) -> None:
    """Write how many trials of a search are left."""
    before = _read(sweep)
    _write(sweep, {**({"command": before["command"]} if "command" in before else {}), "left": count})


def command(sweep: Path) -> list[str] | None:
    """The overrides of the latest command in the folder `sweep`; None if it has no plan, or no readable one."""
    return _read(sweep).get("command")


def places(sweep: Path) -> dict[str, int]:
    """`{name of a run folder: its place in the latest command}` of the folder `sweep`; empty if it has no plan."""
    return {os.path.basename(name): place for place, name in enumerate(_read(sweep).get("runs", ()))}  # noqa: PTH119


def not_started(sweep: Path) -> int:
    """Return how many runs of the latest command in the folder `sweep` have not begun; 0 if it has no plan."""
    found = _read(sweep)
    missing = [name for name in found.get("runs", ()) if not _begun(sweep, name)]
    return len(missing) + max(0, found.get("left", 0))


def _read(sweep: Path) -> dict[str, Any]:
    """The plan of a sweep; empty if there is none, or none that nst wrote."""
    try:
        return checked(from_json(read_text(sweep / FILE, follow=False), FILE), SHAPE, FILE)
    except (OSError, DataError):
        return {}


def _begun(sweep: Path, name: str) -> bool:
    inside = sweep / os.path.basename(name)  # noqa: PTH119  pathlib raises for no name
    return any(os.path.lexists(inside / file) for file in (RESULT, CONFIG))


def _write(sweep: Path, plan: dict[str, object]) -> None:
    sweep.mkdir(parents=True, exist_ok=True)
    with atomic(sweep / FILE) as part:
        part.write_text(json.dumps(plan), encoding="utf-8")
