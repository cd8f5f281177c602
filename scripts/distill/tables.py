"""Format the figures of evaluate_slim.py as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Figures = Mapping[str, Any]  # {"a/<network>": {layer: share}, "b/<network>": {what: rank}, "c/<pair>/<network>": [2]}


def markdown(figures: Figures) -> str:
    """The three tables: one column per network in (a) and (b), one row per pair and a mean in (c)."""
    unexplained, ranks = (_of(figures, part) for part in "ab")
    pairs: dict[str, dict[str, Sequence[float]]] = {}
    for key, value in _of(figures, "c").items():
        pair, network = key.split("/")
        pairs.setdefault(pair, {})[network] = value
    networks = list(next(iter(pairs.values()), {}))
    pairs["mean"] = {name: np.mean([of[name] for of in pairs.values()], axis=0).tolist() for name in networks}
    rows = [[pair, *(f"{style:.3f} / {content:.3f}" for style, content in of.values())] for pair, of in pairs.items()]
    return "\n\n".join(
        [
            "(a) Variance left unexplained\n\n" + _across("layer", unexplained),
            "(b) Rank correlation of distances\n\n" + _across("distance of", ranks),
            "(c) Style distance / content distance of pictures\n\n" + _table(["pair", *networks], rows),
        ]
    )


def _of(figures: Figures, part: str) -> dict[str, Any]:
    return {key[2:]: value for key, value in figures.items() if key.startswith(f"{part}/")}


def _across(what: str, columns: Mapping[str, Mapping[str, float]]) -> str:
    names = list(columns)
    keys = sorted({key for column in columns.values() for key in column})
    return _table([what, *names], [[key, *(f"{columns[name][key]:.3f}" for name in names)] for key in keys])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
