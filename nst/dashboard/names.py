"""Names of runs on the page: the overrides that tell the runs of a sweep apart, else the name of the folder."""

from collections.abc import Sequence
from pathlib import Path

from nst import settings
from nst.dashboard.watched import Watched
from nst.errors import printable

LETTERS = 1000  # of a name, at most


def names(runs: Sequence[Watched]) -> dict[str, dict[str, str]]:
    """`{id: {name, sweep, folder}}` of runs; `sweep` is empty for those directly in the watched folder."""
    sweeps: dict[Path, list[Watched]] = {}
    for run in runs:
        sweeps.setdefault(run.folder.parent, []).append(run)
    return {id_: about for members in sweeps.values() for id_, about in _of_a_sweep(members).items()}


def _of_a_sweep(runs: Sequence[Watched]) -> dict[str, dict[str, str]]:
    given = {run.id: _overrides(run) for run in runs}
    keys = dict.fromkeys(key for own in given.values() for key in own)
    varied = [key for key in keys if len({own.get(key) for own in given.values()}) > 1]
    found = {}
    for run in runs:
        sweep, _, folder = run.name.rpartition("/")
        parts = [f"{settings.short(key)}={given[run.id][key]}" for key in varied if key in given[run.id]]
        texts = {"name": ", ".join(parts) or folder, "sweep": sweep, "folder": run.name}
        found[run.id] = {key: printable(text)[:LETTERS] for key, text in texts.items()}
    return found


def _overrides(run: Watched) -> dict[str, str]:
    """`{setting: value}` of a run's overrides."""
    texts = run.run.overrides if run.run else ()
    return dict(zip(settings.overridden(texts), (text.partition("=")[2] for text in texts), strict=True))
