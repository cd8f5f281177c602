"""The picture's coordinate frame and the scalar maps drawn on it.

Every position and length in a painting is a fraction of the picture's long side: x runs 0..1 to the right, y runs
0..aspect downwards. Maps have a grid of fixed size at every output size, so that a small version has the same
strokes as a large one.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[np.float64]
Point = tuple[float, float]

MAP_SIDE = 512
"""Cells along the long side of every map. Strokes carry all finer detail."""


@dataclass(frozen=True)
class Frame:
    """A landscape or square format, 1 wide and `aspect` <= 1 high, and its map cells' coordinates `x` and `y` [h,w]."""

    aspect: float
    x: Array = field(init=False, repr=False)
    y: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rows = round(MAP_SIDE * self.aspect)
        y, x = np.mgrid[0:rows, 0:MAP_SIDE] / MAP_SIDE
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y)

    def distance(self, centre: tuple[float, float]) -> Array:
        """Distance of every map cell from `centre`, [h,w]."""
        return np.hypot(self.x - centre[0], self.y - centre[1])

    def bearing(self, centre: tuple[float, float]) -> Array:
        """Angle of every map cell as seen from `centre`, [h,w], radians, clockwise because y grows downwards."""
        return np.arctan2(self.y - centre[1], self.x - centre[0])

    def noise(self, cell: float, rng: np.random.Generator) -> Array:
        """Smooth noise [h,w] of mean about 0.5, mostly within 0..1, whose bumps are about `cell` wide."""
        rows, columns = self.x.shape
        cells = max(2, round(rows / MAP_SIDE / cell)), max(2, round(1 / cell))
        return enlarge(rng.random(cells), rows, columns)


def enlarge(values: Array, rows: int, columns: int) -> Array:
    """Bicubic enlargement of a map to [rows,columns]."""
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((columns, rows), Image.Resampling.BICUBIC), dtype=np.float64)


def sample(values: Array, points: Array) -> Array:
    """Nearest values of a map [h,w] or [h,w,channels] at `points` [...,2]; points outside take the border's value."""
    column = np.clip((points[..., 0] * MAP_SIDE).astype(int), 0, values.shape[1] - 1)
    row = np.clip((points[..., 1] * MAP_SIDE).astype(int), 0, values.shape[0] - 1)
    return values[row, column]


def smoothstep(values: Array, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, a smooth rise between; falls if `low` > `high`."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(values: Array, width: float) -> Array:
    """Gaussian bell exp(-(values/width)^2): 1 at zero, 0.37 at `width`."""
    return np.exp(-((values / width) ** 2))
