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
    """How a passage is brushed. Lengths are fractions of the picture's long side."""

    width: float
    length: float = 0.0
    """Mean length of a stroke, where no path sets it."""
    spacing: float = 0.0
    """Distance between the middles of neighbouring strokes, where the brush covers an area."""
    contrast: float = 0.1
    """Standard deviation of a stroke's tone from the tone that the passage has there."""
    two_tone: float = 0.1
    """The same for the second paint on the brush, which shows in some of the bristles."""
    taper: float = 0.0
    """How far the stroke narrows to its end: 0 not at all, 1 to a point."""
    opacity: float = 1.0
    """Below 1 what is underneath shines through, as with thinned paint."""


@dataclass(frozen=True)
class Marks:
    """What touches of a brush leave on straight strokes, all [count,rows,columns]: rows along, columns across."""

    cover: Texture
    """Opacity, 0..1: falls off at the sides and, bristle by bristle, at both ends."""
    mix: Texture
    """Share of the second paint, 0..1."""
    shade: Texture
    """Factor on the paint's lightness, about 1."""
    relief: Texture
    """Thickness of the paint, about 0..1."""

    @classmethod
    def make(cls, count: int, rng: np.random.Generator) -> "Marks":
        """A stock of `count` different marks, from which strokes pick."""
        layers = zip(*(_make_mark(rng) for _ in range(count)), strict=True)
        return cls(*(np.stack(layer).astype(np.float32) for layer in layers))

    def pick(self, numbers: npt.NDArray[np.intp]) -> "Marks":
        """The marks of these numbers."""
        return Marks(self.cover[numbers], self.mix[numbers], self.shade[numbers], self.relief[numbers])

    def thinned(self, opacity: float) -> "Marks":
        """The same marks, covering less by the factor `opacity`."""
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
    # Darker sides set a stroke off from its neighbours of the same color.
    shade = (1.0 + 0.26 * (bristles - 0.5)) * (1.0 - 0.22 * np.abs(across) ** 4)
    # The brush pushes paint to its sides and drops most of it where it lands.
    ridges = np.exp(-(((np.abs(across) - 0.75) / 0.2) ** 2))
    relief = 0.55 * bristles + 0.25 * ridges + 0.2 * (1.0 - along)
    return cover, mix, shade, relief


def _streaky(columns: int, rows: int, rng: np.random.Generator) -> Array:
    """Noise drawn out along the stroke, 0..1: `columns` bristles whose strength changes `rows` times on the way."""
    return np.clip(enlarge(rng.random((rows, columns)), MARK_ROWS, MARK_COLUMNS), 0.0, 1.0)
