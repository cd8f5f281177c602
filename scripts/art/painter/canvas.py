"""The canvas: color and thickness of the paint, and the light on its relief."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from painter.brush import MARK_COLUMNS, MARK_ROWS, Marks
from painter.frame import Array

OVERSAMPLING = 2
"""Canvas pixels per picture pixel and side; smooths the edges of strokes."""

SPLAT_STEP = 0.8
"""Distance in canvas pixels between the points of a stroke: below 1, to avoid holes."""

THICKNESS = 0.002
"""Height of the paint at relief 1, as a fraction of the long side."""

BORDER = 1
"""Width of a margin around the canvas, for paint beyond its edge, which is cut off at the end."""

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


class Canvas:
    """Layers of paint: each canvas pixel holds red, green, blue, 0..1, and the thickness of the paint, about 0..1."""

    def __init__(self, long_side: int, aspect: float, ground: Array) -> None:
        self.scale = long_side * OVERSAMPLING
        self.rows = round(long_side * aspect) * OVERSAMPLING + 2 * BORDER
        self.columns = self.scale + 2 * BORDER
        pixel = np.array([*ground, 0.5], dtype=np.float32)
        self.pixels = np.tile(pixel, (self.rows * self.columns, 1))

    def sweep(self, paths: Array, widths: Array, paints: Array, marks: Marks, taper: float = 0.0) -> None:
        """Lay n strokes at once along `paths` [n,points,2], `widths` [n] wide, each with its own of n `marks`.

        Paths and widths are fractions of the long side, `paints` [n,2,3] the two colors on the brush, `taper` 0..1
        how far a stroke narrows to its end. Where strokes of one sweep overlap, the last covers the others and its
        soft edges blend with what was there before the sweep.
        """
        pixels, cells = self._footprints(paths * self.scale, widths * self.scale, taper)
        stroke = self.pixels.take(pixels, axis=0)
        stroke += marks.cover.ravel().take(cells)[:, None] * (_mix(paints, marks).take(cells, axis=0) - stroke)
        self.pixels[pixels] = stroke

    def picture(self, light: float) -> Image.Image:
        """The finished picture, lit from the upper left; `light` scales the shading of the relief, 0 for none."""
        inner = self.pixels.reshape(self.rows, self.columns, 4)[BORDER:-BORDER, BORDER:-BORDER]
        down, right = np.gradient(_soften(inner[..., 3]) * THICKNESS * self.scale)
        # The hyperbolic tangent limits the light on steep edges.
        shading = 1.0 - light * np.tanh(down + right)
        lit = np.clip(inner[..., :3] * shading[..., None], 0.0, 1.0)
        return Image.fromarray((lit * 255.0 + 0.5).astype(np.uint8)).reduce(OVERSAMPLING)

    def _footprints(self, paths: Array, widths: Array, taper: float) -> tuple[Indices, Indices]:
        """Canvas pixels [k] under the strokes, and the cells [k] of their marks that fall on them, as flat indices."""
        spines, normals = _resample(paths)
        count, length = spines.shape[:2]
        along = np.linspace(0.0, 1.0, length, dtype=np.float32)
        across = np.linspace(0.0, 1.0, max(3, int(widths.max() / SPLAT_STEP)), dtype=np.float32)
        half_widths = (widths[:, None] / 2 * (1.0 - taper * along**1.5)).astype(np.float32)
        sides = half_widths[:, :, None] * (2.0 * across - 1.0)
        x, y = (spines[..., i, None] + normals[..., i, None] * sides + BORDER for i in (0, 1))
        row = np.clip(y, 0, self.rows - 1).astype(np.intp)
        column = np.clip(x, 0, self.columns - 1).astype(np.intp)
        mark = np.arange(count)[:, None, None] * (MARK_ROWS * MARK_COLUMNS)
        mark_row = (along * (MARK_ROWS - 1)).astype(np.intp)[:, None] * MARK_COLUMNS
        mark_column = (across * (MARK_COLUMNS - 1)).astype(np.intp)
        return (row * self.columns + column).ravel(), (mark + mark_row + mark_column).ravel()


def _mix(paints: Array, marks: Marks) -> Floats:
    """Color and thickness [cells,4] of the paint in every cell of the marks."""
    first, second = paints[:, 0, None, None], paints[:, 1, None, None]
    color = (first + marks.mix[..., None] * (second - first)) * marks.shade[..., None]
    return np.concatenate([color, marks.relief[..., None]], axis=-1).reshape(-1, 4).astype(np.float32)


def _resample(paths: Array) -> tuple[Floats, Floats]:
    """Points and unit normals [n,m,2] along `paths` [n,points,2], dense enough that the longest has no gaps."""
    steps = np.diff(paths, axis=1)
    lengths = np.maximum(np.hypot(steps[..., 0], steps[..., 1]), 1e-6)
    normals = np.stack([-steps[..., 1], steps[..., 0]], axis=-1) / lengths[..., None]
    normals = np.concatenate([normals, normals[:, -1:]], axis=1)
    places = np.linspace(0.0, paths.shape[1] - 1.0, max(2, int(lengths.sum(axis=1).max() / SPLAT_STEP)))
    return _interpolate(paths, places), _interpolate(normals, places)


def _interpolate(lines: Array, places: Array) -> Floats:
    """Points [n,m,2] at the fractional indices `places` [m] of `lines` [n,points,2]."""
    before = np.minimum(places.astype(int), lines.shape[1] - 2)
    share = (places - before)[:, None]
    return (lines[:, before] * (1.0 - share) + lines[:, before + 1] * share).astype(np.float32)


def _soften(values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Two binomial blurs (1 2 1)/4 along both axes: bristles stay visible, noise of single pixels does not."""
    for axis in (0, 0, 1, 1):
        values = (np.roll(values, 1, axis) + 2.0 * values + np.roll(values, -1, axis)) / 4.0
    return values
