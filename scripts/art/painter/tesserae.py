"""Tesserae: small stones in rows along the level lines of a map, and chips in the gaps."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from skimage.measure import find_contours

from painter.curve import perimeter, resample
from painter.flow import level_lines
from painter.frame import MAP_SIDE, Array, Frame, sample
from painter.palette import Ramp

CLOSEST = 0.62
"""Minimum distance between the centers of two stones, in sizes; a later stone below it is omitted."""

CHIP_ROOM = 0.80
"""Minimum distance of a chip from all other stones, in sizes."""

LENGTH_RANGE = (0.85, 1.35)
"""Range of a stone's length, in row heights. Stones of a row differ only by `STONE_SPREAD`."""

STONE_SPREAD = 0.07
"""Standard deviation of a stone's length and height, relative."""

PLACE_SPREAD, ANGLE_SPREAD = 0.04, 0.05
"""Standard deviations of a stone's place, in sizes, and of its turn out of the row, radians."""

HUE_SPREAD = 0.025
"""Standard deviation of each color channel of a stone."""

TILT_SPREAD = 0.05
"""Standard deviation of a stone's tilt, as its relative change of brightness from center to side."""


Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Opus:
    """A region with one kind of stones; maps are [h,w]."""

    mask: Mask
    """True inside the region."""
    rows: Array
    """Rows follow its level lines; it changes by 1 per unit of length, and the first row starts at 0."""
    ramp: Ramp
    tone: Array | float
    """Position on the ramp, 0..1."""
    size: float
    """Height of a row, as a fraction of the long side."""
    contrast: float = 0.09
    """Standard deviation of a stone's tone."""
    glints: float = 0.0
    """Share of bright stones; above 0 for gold, whose stones are also tilted more."""


@dataclass(frozen=True)
class Stones:
    """n stones: middles [n,2], angles [n], half lengths and half heights [n,2], colors [n,3], tilts [n,2]."""

    places: Array
    angles: Array
    halves: Array
    colors: Array
    tilts: Array


class Setting:
    """Collects the stones of a picture. Earlier stones keep their place."""

    def __init__(self, frame: Frame, rng: np.random.Generator) -> None:
        self.frame = frame
        self.rng = rng
        self.laid: list[Stones] = []
        self.taken: dict[tuple[int, int], list[tuple[float, float]]] = {}
        self.free = np.ones(frame.x.shape, dtype=bool)

    def lay(self, opus: Opus) -> None:
        """Set a region in rows, then chips in the gaps; regions laid later end at its edge."""
        mask = opus.mask & self.free
        rows = [self._row(line, opus.size) for line in _level_lines(opus.rows, mask, opus.size)]
        if rows:
            places, angles, halves = (np.concatenate(part) for part in zip(*rows, strict=True))
            self._keep(opus, mask, places, angles, halves, CLOSEST)
        self._keep(opus, mask, *self._chips(mask, opus), CHIP_ROOM)
        self.free &= ~mask

    def lay_line(self, line: Array, opus: Opus) -> None:
        """Set one row along a line [n,2] with the paint of the opus, without its mask and rows."""
        self._keep(opus, self.free, *self._row(line, opus.size), CLOSEST)

    def stones(self) -> Stones:
        """All stones so far."""
        parts = ("places", "angles", "halves", "colors", "tilts")
        return Stones(*(np.concatenate([getattr(stones, part) for stones in self.laid]) for part in parts))

    def _row(self, line: Array, size: float) -> tuple[Array, Array, Array]:
        """Middles, angles and half sizes of the stones of one row."""
        closed = bool(np.allclose(line[0], line[-1]))
        length = perimeter(line)
        count = max(1, round(length / (size * self.rng.uniform(*LENGTH_RANGE))))
        shares = np.cumsum(1.0 + STONE_SPREAD * self.rng.normal(size=count + 1))
        fine = resample(line, 8 * count + 1)
        start = self.rng.random() if closed else 0.5
        places = (shares - shares[0]) / (shares[-1] - shares[0])
        middles = np.clip((places[:-1] + start / count) % 1.0 * 8 * count, 1, 8 * count - 1).astype(int)
        step = fine[middles + 1] - fine[middles - 1]
        halves = np.stack([np.diff(places) * length / 2, np.full(count, size / 2)], axis=1)
        return fine[middles], np.arctan2(step[:, 1], step[:, 0]), halves

    def _chips(self, mask: Mask, opus: Opus) -> tuple[Array, Array, Array]:
        """Candidates for chips: all over the region, closer than stones can be, in random order."""
        y, x = np.mgrid[0 : self.frame.aspect : opus.size / 3, 0 : 1 : opus.size / 3]
        places = np.stack([x, y], axis=-1).reshape(-1, 2).astype(np.float64)
        places = self.rng.permutation(places[_within(mask, places)])
        angles = sample(level_lines(opus.rows), places)
        return places, angles, np.full((len(places), 2), 0.46 * opus.size)

    def _keep(self, opus: Opus, mask: Mask, places: Array, angles: Array, halves: Array, room: float) -> None:
        """Lay the stones that are inside the mask and far enough from others, and color them."""
        kept = _within(mask, places)
        kept[kept] = [self._take(x, y, room * opus.size) for x, y in places[kept]]
        count = int(kept.sum())
        places = places[kept] + PLACE_SPREAD * opus.size * self.rng.normal(size=(count, 2))
        angles = angles[kept] + ANGLE_SPREAD * self.rng.normal(size=count)
        halves = halves[kept] * (1.0 + STONE_SPREAD * self.rng.normal(size=(count, 2)))
        tones = sample(np.broadcast_to(opus.tone, mask.shape), places) + opus.contrast * self.rng.normal(size=count)
        bright = self.rng.random(count) < opus.glints
        tones = np.where(bright, self.rng.uniform(0.85, 1.15, count), tones)
        colors = opus.ramp(tones) + HUE_SPREAD * self.rng.normal(size=(count, 3))
        tilts = TILT_SPREAD * (1.0 + 2.0 * (opus.glints > 0)) * self.rng.normal(size=(count, 2))
        self.laid.append(Stones(places, angles, halves, colors, tilts))

    def _take(self, x: float, y: float, room: float) -> bool:
        """Whether no stone is within `room` of a point; if so, mark the point as occupied."""
        reach = 0.02
        column, row = int(x / reach), int(y / reach)
        for cell in ((column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
            for a, b in self.taken.get(cell, ()):
                if (a - x) ** 2 + (b - y) ** 2 < room * room:
                    return False
        self.taken.setdefault((column, row), []).append((x, y))
        return True


def _within(mask: Mask, points: Array) -> Mask:
    """Whether `points` [n,2] lie in the mask."""
    return sample(mask.astype(np.float64), points) > 0.5


def _level_lines(values: Array, mask: Mask, size: float) -> Iterator[Array]:
    """Lines [n,2] through the middles of the rows that a map has within the mask."""
    if not mask.any():
        return
    low, high = values[mask].min(), values[mask].max()
    for number in range(int(np.floor(low / size)), int(np.ceil(high / size))):
        for line in find_contours(values, (number + 0.5) * size):
            points = line[:, ::-1] / MAP_SIDE
            if perimeter(points) > size / 2:
                yield points
