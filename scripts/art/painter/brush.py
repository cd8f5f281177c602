"""Brushes, and the marks their bristles leave."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from painter.frame import Array, enlarge, smoothstep

MARK_ROWS, MARK_COLUMNS = 36, 18
"""Samples of a mark along and across the stroke."""


Texture = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Brush:
    """Parameters of a brush. Lengths are fractions of the picture's long side."""

    width: float
    length: float = 0.0
    """Mean length of a stroke, unless a path sets it."""
    spacing: float = 0.0
    """Distance between the centers of neighboring strokes in a covered area."""
    contrast: float = 0.1
    """Standard deviation of a stroke's tone around the tone of the passage."""
    two_tone: float = 0.1
    """The same for the second paint on the brush, visible in some bristles."""
    taper: float = 0.0
    """Narrowing of the stroke at its end: 0 none, 1 to a point."""
    opacity: float = 1.0
    """Opacity of the paint, 0..1: below 1, lower layers shine through."""


@dataclass(frozen=True)
class Marks:
    """Marks of a brush on straight strokes; all maps are [count,rows,columns], rows along and columns across."""

    cover: Texture
    """Opacity, 0..1: falls at the sides and, per bristle, at both ends."""
    mix: Texture
    """Share of the second paint, 0..1."""
    shade: Texture
    """Factor on the paint's lightness, about 1."""
    relief: Texture
    """Thickness of the paint, about 0..1."""

    @classmethod
    def make(cls, count: int, rng: np.random.Generator) -> "Marks":
        """Make a stock of `count` different marks."""
        layers = zip(*(_make_mark(rng) for _ in range(count)), strict=True)
        return cls(*(np.stack(layer).astype(np.float32) for layer in layers))

    def pick(self, numbers: npt.NDArray[np.intp]) -> "Marks":
        """The marks with these indices."""
        return Marks(self.cover[numbers], self.mix[numbers], self.shade[numbers], self.relief[numbers])

    def thinned(self, opacity: float) -> "Marks":
        """The same marks, with their cover multiplied by `opacity`."""
        return replace(self, cover=self.cover * np.float32(opacity))


def _make_mark(rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """Cover, mix, shade and relief of one mark, each [rows,columns]."""
    along = np.linspace(0.0, 1.0, MARK_ROWS)[:, None]
    across = np.linspace(-1.0, 1.0, MARK_COLUMNS)[None, :]
    bristles = _streaky(12, 3, rng)
    clumps = _streaky(6, 3, rng)
    start = 0.10 * rng.random(MARK_COLUMNS) + 0.10 * across**2
    end = 1.0 - 0.16 * rng.random(MARK_COLUMNS) - 0.12 * across**2
    ends = smoothstep(along - start, 0.0, 0.04) * smoothstep(end - along, 0.0, 0.05)
    sides = smoothstep(1.0 - np.abs(across) + 0.25 * (bristles - 0.5), 0.0, 0.22)
    cover = ends * sides * (0.86 + 0.14 * bristles)
    mix = smoothstep(clumps, 0.45, 0.75)
    # Darker sides set a stroke off from its neighbors of the same color.
    shade = (1.0 + 0.26 * (bristles - 0.5)) * (1.0 - 0.22 * np.abs(across) ** 4)
    # The brush pushes paint to its sides and drops most of it where it lands.
    ridges = np.exp(-(((np.abs(across) - 0.75) / 0.2) ** 2))
    relief = 0.55 * bristles + 0.25 * ridges + 0.2 * (1.0 - along)
    return cover, mix, shade, relief


def _streaky(columns: int, rows: int, rng: np.random.Generator) -> Array:
    """Noise stretched along the stroke, 0..1: `columns` bristles with `rows` changes of strength."""
    return np.clip(enlarge(rng.random((rows, columns)), MARK_ROWS, MARK_COLUMNS), 0.0, 1.0)
