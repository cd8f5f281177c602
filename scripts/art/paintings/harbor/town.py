"""The harbor's town: a quay, and houses, gardens and a church on the slope behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from painter.curve import spline
from painter.frame import Array
from painter.palette import rgb
from painter.perspective import UP, Plot, Scene, shaded
from paintings.harbor.houses import AWNINGS, ROOFS, SHUTTERS, WALLS, House
from paintings.harbor.towers import Church

STONE, STONE_DARK, PAVING, WEED, KERB = (rgb(c) for c in ("#b9ab94", "#8c8272", "#d8cbb2", "#5c6455", "#e9dfc9"))
GARDEN, TRUNK = rgb("#8f9a63"), rgb("#5a4636")
LEAVES = tuple(rgb(c) for c in ("#2f4a36", "#40603c", "#5c7a45", "#83964f"))
CLOTHES = tuple(rgb(c) for c in ("#7d2f2c", "#2f4a6d", "#e8e0d0", "#3a3a3a", "#b98a3a"))

QUAY = (
    (-52.0, 262.0),
    (-20.0, 222.0),
    (4.0, 182.0),
    (20.0, 146.0),
    (30.0, 112.0),
    (37.0, 84.0),
    (41.0, 58.0),
    (42.0, 30.0),
)
"""The quay's edge seen from above, (X,Z) from far to near."""

QUAY_LEVEL, QUAY_DEPTH = 2.4, 7.0
ROWS, ROW_DEPTH, ROW_RISE = 6, 15.0, 5.0

CHURCH_PLACE, CHURCH_ROW = 104.0, 2
"""Where the church stands, meters along the quay from its far end, and in which row."""


class Thing(Protocol):
    """An object of the town."""

    def paint(self, scene: Scene) -> None:
        """Draw it."""


@dataclass(frozen=True)
class Tree:
    """A tree on `foot`: a heap of leaves `width` meters broad and `height` high, in dots of four greens."""

    foot: Array
    height: float
    width: float
    leaves: Array
    """Positions [n,2] of the dots in the crown, -1..1 across and 0..1 up."""

    def paint(self, scene: Scene) -> None:
        """The trunk, then the crown from the dark leaves below to the light ones upper left."""
        scene.line(self.foot, self.foot + 0.4 * self.height * UP, 0.4, TRUNK)
        across, up = self.leaves.T
        spread = self.width / 2 * np.sqrt(np.maximum(0.04, 1.0 - (2.0 * up - 0.9) ** 2))
        centres = np.stack([across * spread, (0.12 + 0.88 * up) * self.height, np.zeros_like(up)], axis=1)
        angles = np.linspace(0.0, 2.0 * np.pi, 8, endpoint=False)
        dot = np.stack([np.cos(angles), np.sin(angles), 0.0 * angles], axis=1)
        size = 0.07 * self.width + 0.03 * self.height
        tones = np.clip(4.0 * (up - 0.35 * across + 0.1), 0.0, 3.0).astype(int)
        for tone, paint in enumerate(LEAVES):
            reach = size * (1.25 - 0.2 * tone)
            scene.faces([self.foot + centre + reach * dot for centre in centres[tones == tone]], paint)


@dataclass(frozen=True)
class Street:
    """A line along the quay, parametrized by meters from its far end."""

    line: Array
    lengths: Array

    @classmethod
    def along(cls, points: Sequence[tuple[float, float]]) -> "Street":
        """The smooth street through `points`."""
        line = spline(points, 600)
        return cls(line, np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))]))

    def plot(self, place: float, width: float, inland: float, level: float) -> Plot:
        """A plot of land: its front starts at `place`, is `width` meters long, and lies `inland` from the street."""
        far, near = (
            np.array([np.interp(p, self.lengths, self.line[:, i]) for i in (0, 1)]) for p in (place, place + width)
        )
        step = (near - far) / np.hypot(*(near - far))
        across = np.array([-step[1], 0.0, step[0]])
        return Plot(np.array([far[0], level, far[1]]) + inland * across, np.array([step[0], 0.0, step[1]]), across)


STREET = Street.along(QUAY)


@dataclass(frozen=True)
class Terrace:
    """The garden ground of a row, rising to the row behind."""

    row: int

    def paint(self, scene: Scene) -> None:
        """Strips of ground."""
        if self.row == 0:
            return
        inland, level = _ground(self.row)
        for place in np.arange(0.0, STREET.lengths[-1] - 12.0, 6.0):
            plot = STREET.plot(place, 6.0, inland, level)
            corners = ((0, 0, -1), (6.2, 0, -1), (6.2, ROW_DEPTH, ROW_RISE), (0, ROW_DEPTH, ROW_RISE))
            scene.face([plot.at(*corner) for corner in corners], GARDEN)


def build_town(rng: np.random.Generator) -> list[Thing]:
    """All objects behind the quay, back to front."""
    things: list[Thing] = []
    for row in reversed(range(ROWS)):
        things.append(Terrace(row))
        things += _trees(row, rng)
        things += _houses(row, rng)
    return things


def paint_quay(scene: Scene) -> None:
    """The paved edge and its wall of stone courses."""
    for place in np.arange(0.0, STREET.lengths[-1] - 4.0, 4.0):
        plot = STREET.plot(place, 4.0, 0.0, 0.0)
        scene.face([plot.at(u, v, QUAY_LEVEL) for u, v in ((0, 0), (4.05, 0), (4.05, 16), (0, 16))], PAVING, 0.97)
        for top, paint in ((QUAY_LEVEL, shaded(STONE, -plot.across)), (0.55, WEED)):
            scene.face([plot.at(u, 0, y) for u, y in ((0, 0), (4.05, 0), (4.05, top), (0, top))], paint)
        for y in (0.95, 1.4, 1.85):
            scene.line(plot.at(0, 0, y), plot.at(4, 0, y), 0.05, STONE_DARK)
        for u in (0.0, 2.0):
            scene.line(plot.at(u, 0, 0.5), plot.at(u, 0, 2.2), 0.05, STONE_DARK)
        scene.line(plot.at(0, 0, QUAY_LEVEL), plot.at(4, 0, QUAY_LEVEL), 0.25, KERB)


def paint_promenade(scene: Scene, seed: int) -> None:
    """Lamps and people on the quay, before the houses."""
    rng = np.random.default_rng(seed)
    for place in np.arange(14.0, STREET.lengths[-1] - 20.0, 17.0):
        foot = STREET.plot(place, 1.0, 1.0, QUAY_LEVEL).origin
        scene.line(foot, foot + 4.6 * UP, 0.14, rgb("#3c4248"))
        scene.drum(foot + 4.6 * UP, (0.32, 0.2), 0.6, rgb("#fff3d0"))
    for place in rng.uniform(10.0, STREET.lengths[-1] - 15.0, 46):
        foot = STREET.plot(place, 1.0, rng.uniform(1.2, 5.0), QUAY_LEVEL).origin
        scene.line(foot, foot + 0.85 * UP, 0.34, rgb("#3b3f4a"))
        scene.line(foot + 0.8 * UP, foot + 1.5 * UP, 0.48, CLOTHES[rng.integers(len(CLOTHES))])
        scene.line(foot + 1.52 * UP, foot + 1.8 * UP, 0.26, rgb("#c99a78"))


def _ground(row: int) -> tuple[float, float]:
    """Distance of a row from the quay, and its height."""
    return QUAY_DEPTH + ROW_DEPTH * row, QUAY_LEVEL + (1.5 + ROW_RISE * row if row else 0.0)


def _houses(row: int, rng: np.random.Generator) -> list[Thing]:
    inland, level = _ground(row)
    things: list[Thing] = []
    place, last = rng.uniform(0.0, 5.0), STREET.lengths[-1] - 14.0
    church = row == CHURCH_ROW
    while place < last:
        width = rng.uniform(6.5, 12.5)
        if church and place > CHURCH_PLACE:
            things.append(Church(STREET.plot(place, 26.0, inland, level)))
            church, place = False, place + 30.0
            continue
        if row == 0 or rng.random() < 0.86:
            lift = rng.uniform(-0.8, 0.8) if row else 0.0
            things.append(_house(STREET.plot(place, width, inland, level + lift), width, row == 0, rng))
        place += width + (0.05 if row == 0 else rng.uniform(0.0, 4.0))
    return things


def _house(plot: Plot, width: float, on_quay: bool, rng: np.random.Generator) -> House:
    wall, roof, shutter, awning = (group[rng.integers(len(group))] for group in (WALLS, ROOFS, SHUTTERS, AWNINGS))
    tint = rng.normal(1.0, 0.03, 3)
    storeys = int(rng.choice((2, 3, 3, 4))) if on_quay else int(rng.integers(2, 4))
    pitch = rng.uniform(1.8, 3.2)
    depth = rng.uniform(8.5, 11.0)
    return House(plot, width, depth, storeys, wall * tint, roof * tint, shutter, pitch, awning if on_quay else None)


def _trees(row: int, rng: np.random.Generator) -> list[Thing]:
    """Trees in the gardens behind a row."""
    inland, level = _ground(row)
    trees: list[Thing] = []
    for place in np.sort(rng.uniform(0.0, STREET.lengths[-1] - 14.0, 26 if row else 0)):
        foot = STREET.plot(place, 1.0, inland + rng.uniform(10.0, 13.5), level + 2.5).origin
        slim = rng.random() < 0.35
        height, width = (
            (rng.uniform(9.0, 14.0), rng.uniform(2.2, 3.0)) if slim else (rng.uniform(6.0, 10.0), rng.uniform(5.0, 8.0))
        )
        leaves = np.stack([rng.uniform(-1.0, 1.0, 80), rng.random(80)], axis=1)
        trees.append(Tree(foot, height, width, leaves))
    return trees
