"""Format the figures of evaluate_slim.py as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Figures = Mapping[str, Any]  # {"a/<network>": {layer: share}, "b/<network>": {what: rank}, "c/<network>/<pair>": [2]}


def markdown(figures: Figures) -> str:
    """The three tables: one column per network in (a) and (b), one row per network in (c)."""
    unexplained, ranks = (_of(figures, part) for part in "ab")
    distances: dict[str, list[Sequence[float]]] = {}
    for key, value in figures.items():
        if key.startswith("c/"):
            distances.setdefault(key.split("/")[1], []).append(value)
    pairs = max(map(len, distances.values()), default=0)
    rows = [[name, *(f"{mean:.4f}" for mean in np.mean(values, axis=0))] for name, values in distances.items()]
    return "\n\n".join(
        [
            "(a) Variance left unexplained\n\n" + _across("layer", unexplained),
            "(b) Rank correlation of distances\n\n" + _across("distance of", ranks),
            f"(c) Distances of optimized pictures, mean of {pairs} pairs\n\n"
            + _table(["optimized on", "style distance", "content distance"], rows),
        ]
    )


def _of(figures: Figures, part: str) -> dict[str, Mapping[str, float]]:
    return {key[2:]: value for key, value in figures.items() if key.startswith(f"{part}/")}


def _across(what: str, columns: Mapping[str, Mapping[str, float]]) -> str:
    names = list(columns)
    keys = sorted({key for column in columns.values() for key in column})
    return _table([what, *names], [[key, *(f"{columns[name][key]:.3f}" for name in names)] for key in keys])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
