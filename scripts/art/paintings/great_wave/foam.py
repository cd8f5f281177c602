"""Foam of the Great Wave: branching claws in rows along a lip, and spray."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from painter.curve import between, curl, ellipse, normals, ribbon, spline
from painter.frame import Array
from painter.palette import rgb
from painter.woodblock import Print
from paintings.great_wave.water import KEY, Points

FOAM = rgb("#f4eddb")
SHADE = rgb("#9dbcc6")

KEY_WIDTH = 0.0017
KEY_SHIFT = np.array([-0.0004, 0.0006])
"""Offset of the key-line's shape from the foam, down and left, which thickens the line there."""

GIRTH = 0.105
"""Half the width of a claw relative to its length."""

TWIGS = ((0.34, -0.95, 0.46), (0.50, 0.8, 0.36), (0.62, -0.9, 0.42), (0.78, 0.75, 0.30), (0.86, -0.75, 0.30))
"""Branches of a claw: position as a share of its length, angle to it in radians, relative length."""


@dataclass(frozen=True)
class Claw:
    """A tapering hook of foam: its spine and half its width along it."""

    spine: Array
    girth: Array

    def outline(self, more: float = 0.0) -> Array:
        """Its outline, widened by `more` on both sides."""
        return ribbon(self.spine, self.girth + more)


@dataclass(frozen=True)
class Row:
    """Claws side by side along a lip."""

    lip: Points
    count: int
    lengths: tuple[float, float]
    """Length of the claws at the start and end of the lip."""
    leans: tuple[float, float]
    """Angles of the claws to the lip, radians, at its start and end."""
    turn: float
    """Clockwise turn of a claw, radians."""


@dataclass(frozen=True)
class Cap:
    """The white body of foam between an outer edge and a scalloped inner edge."""

    outer: Points
    inner: Points
    scallops: int


def print_row(block: Print, row: Row) -> None:
    """Print a row of claws, each over the previous one."""
    lip = spline(row.lip, 200)
    steps = np.gradient(lip, axis=0)
    for share in (np.arange(row.count) + block.rng.uniform(0.2, 0.8, row.count)) / row.count:
        i = int(199 * share)
        lean, length = (pair[0] + share * (pair[1] - pair[0]) for pair in (row.leans, row.lengths))
        heading = np.arctan2(steps[i, 1], steps[i, 0]) + lean + block.rng.normal(0.0, 0.15)
        turn = row.turn * block.rng.uniform(0.75, 1.25)
        print_claw(block, grow(lip[i], heading, length * block.rng.uniform(0.75, 1.25), turn, block.rng))


def grow(start: npt.ArrayLike, heading: float, length: float, turn: float, rng: np.random.Generator) -> list[Claw]:
    """A claw with its branches; positive `turn` curls it clockwise."""
    claws = [_claw(start, heading, length, turn, 1.0)]
    spine = claws[0].spine
    for place, angle, share in TWIGS:
        i = round(place * (len(spine) - 2))
        along = np.arctan2(*(spine[i + 1] - spine[i])[::-1])
        aim = along + np.sign(turn) * angle * rng.uniform(0.8, 1.2)
        claws.append(_claw(spine[i], aim, length * share * rng.uniform(0.8, 1.2), 1.1 * turn, 1.25))
    return claws


def print_claw(block: Print, claws: list[Claw]) -> None:
    """Print a claw and its branches as one white shape with a key-line around and a shade within."""
    line = KEY_WIDTH * block.rng.uniform(0.7, 1.2)
    block.stencil.fill_all([claw.outline(line) + KEY_SHIFT for claw in claws], KEY)
    block.stencil.fill_all([claw.outline() for claw in claws], FOAM)
    stem = claws[0]
    inner = stem.spine + 0.35 * stem.girth[:, None] * normals(stem.spine)
    block.color([ribbon(inner[3:-6], 0.32 * stem.girth[3:-6])], SHADE)


def print_cap(block: Print, cap: Cap) -> None:
    """Print the body of foam: key-line, white, and arcs of shade along its scallops."""
    outer, inner = spline(cap.outer, 200), spline(cap.inner, 200)
    t = np.linspace(0.0, 1.0, 200)
    arches = np.abs(np.sin(np.pi * cap.scallops * (t + 0.02 * np.sin(17.0 * t))))[:, None]
    scalloped = inner + 0.16 * (1.0 - arches) * (outer - inner)
    block.stencil.fill(ribbon(scalloped, KEY_WIDTH), KEY)
    block.stencil.fill(between(outer, scalloped), FOAM)
    for depth in (0.10, 0.26, 0.42, 0.58, 0.74):
        wavy = inner + (depth + 0.13 * (1.0 - arches)) * (outer - inner)
        broken = np.clip(np.sin(np.pi * cap.scallops * t + 9.0 * depth), 0.0, 1.0) ** 0.6
        block.color([ribbon(wavy, 0.0026 * broken)], SHADE)


def print_spray(block: Print, places: Array, sizes: Array) -> None:
    """Print drops of foam at `places` [n,2] with radii `sizes` [n]."""
    disc = ellipse((0.0, 0.0), (1.0, 1.0), count=12)
    for place, size in zip(places, sizes, strict=True):
        block.stencil.fill(place + size * disc, FOAM)


def _claw(start: npt.ArrayLike, heading: float, length: float, turn: float, thickness: float) -> Claw:
    """A claw, thin at its root so that it merges with the foam below."""
    spine = curl(start, heading, length, turn)
    t = np.linspace(0.0, 1.0, len(spine))
    body = np.minimum(1.0, 0.35 + 2.6 * t) * (1.0 - t) ** 0.75
    return Claw(spine, GIRTH * thickness * length * body + 0.0002)
