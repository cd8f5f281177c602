"""Pairs of pictures: which runs have the same content and style, and the names of the pairs."""

from collections.abc import Iterable, Mapping

from nst import settings
from nst.errors import printable
from nst.report.runs import Run

Pair = tuple[tuple[str, str], ...]
"""(role, SHA-256) of the content and style pictures of a run, and of their masks."""


def pair(run: Run) -> Pair:
    """The pair of a run; runs whose files are equal have the same pair, whatever the files' names."""
    return tuple(run.pair_sha256.items())


def names(runs: Iterable[Run]) -> dict[Run, str]:
    """`{run: name of its pair}`, like `harbor_ink` of a suite, else `harbor x ink`.

    Runs with the same files have the same name, and runs with different files have different names. A run that did not
    record its files has the name of its settings.
    """
    given = list(runs)
    texts = settings.labels(name for run in given for name in _pictures(run))
    found: dict[Pair, str] = {}
    for run in given:
        if (own := pair(run)) and own not in found:
            name = _name(run, texts)
            digits = "".join(digest[:4] for _, digest in own)
            found[own] = f"{name} {digits}" if name in found.values() else name
    return {run: found.get(pair(run)) or _name(run, texts) for run in given}


def _name(run: Run, texts: Mapping[str, str]) -> str:
    return printable(run.pair or " x ".join(texts[name] for name in _pictures(run)))


def _pictures(run: Run) -> list[str]:
    """The names of the pictures of a run, as they were given."""
    recorded = [run.pictures[role].get("name") for role in run.pair_sha256]
    planned = [run.settings.get(key) for key in ("content.image", "style.image")]
    return [str(name) for name in recorded or planned if name is not None]
