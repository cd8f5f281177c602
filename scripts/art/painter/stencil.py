"""Stencils: flat or graded color on a canvas, inside shapes with smooth edges."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from painter.canvas import BORDER, Canvas, Floats
from painter.frame import Array

SUPERSAMPLING = 2
"""Stencil pixels per canvas pixel and side."""

Window = tuple[slice, slice]
"""Rows and columns of the canvas."""

Map = npt.NDArray[Any]
"""Values at the canvas's resolution, float32 or float64."""


class Windowed(Protocol):
    """A full map that is read in windows only."""

    def __getitem__(self, window: Window, /) -> Map:
        """The values in a window."""
        ...


Strength = float | Map | Windowed
"""Strength of a paint, 0..1: one, or one per pixel."""


class Stencil:
    """Lays color on one canvas. Full maps are [rows,columns] of the canvas."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.shape = canvas.rows, canvas.columns
        y, x = (np.mgrid[0 : canvas.rows, 0 : canvas.columns].astype(np.float32) - BORDER) / canvas.scale
        self.x: Map = x
        self.y: Map = y

    @property
    def pixels(self) -> Floats:
        """The canvas's pixels [rows,columns,4]."""
        return self.canvas.pixels.reshape(*self.shape, 4)

    def noise(self, wide: float, high: float, rng: np.random.Generator) -> Map:
        """Smooth noise of mean 0.5 at the canvas's resolution, whose bumps are about `wide` by `high`."""
        # Drawn for a square, so that it does not depend on the rounding of the canvas's sides.
        cells = rng.random((max(2, round(1 / high)), max(2, round(1 / wide)))).astype(np.float32)
        rows, columns = self.shape
        box = 0.0, 0.0, float(cells.shape[1]), cells.shape[0] * rows / columns
        image = Image.fromarray(cells).resize((columns, rows), Image.Resampling.BICUBIC, box)
        return np.asarray(image, dtype=np.float32)

    def look(self, values: Map, points: Array) -> Map:
        """Nearest values of a full map at `points` [...,2]; points outside take the border's value."""
        places = (points * self.canvas.scale + BORDER).astype(int)
        return values[np.clip(places[..., 1], 0, self.shape[0] - 1), np.clip(places[..., 0], 0, self.shape[1] - 1)]

    def fill(self, outline: Array, paint: Array, strength: Strength = 1.0) -> None:
        """Fill one outline [points,2]; `paint` is a color [3] or a full map of them, `strength` 0..1 may be a map."""
        self.fill_all([outline], paint, strength)

    def fill_all(self, outlines: Sequence[Array], paint: Array, strength: Strength = 1.0) -> None:
        """Fill the union of several outlines at once."""
        cut = self.cut(outlines)
        if cut is not None:
            self.lay(cut[1], paint, strength, cut[0])

    def lay(self, cover: Map, paint: Array, strength: Strength = 1.0, window: Window | None = None) -> None:
        """Blend `paint` over the canvas by `cover` 0..1, a full map or the map of a `window`."""
        window = window or (slice(None), slice(None))
        share = cover * (np.float32(strength) if isinstance(strength, (int, float)) else strength[window])
        color = (paint if paint.ndim == 1 else paint[window]).astype(np.float32)
        target = self.pixels[window][..., :3]
        target += share.astype(np.float32, copy=False)[..., None] * (color - target)

    def cut(self, outlines: Sequence[Array]) -> tuple[Window, Map] | None:
        """The window around the union of outlines, and their cover of each pixel in it; None off the canvas."""
        scale = self.canvas.scale
        corners = outlines[0] if len(outlines) == 1 else np.concatenate(outlines)
        left, top = (corners.min(axis=0) * scale + BORDER - 1.0).tolist()
        right, bottom = (corners.max(axis=0) * scale + BORDER + 2.0).tolist()
        left, top = max(0, int(left)), max(0, int(top))
        right, bottom = min(self.shape[1], int(right)), min(self.shape[0], int(bottom))
        if right <= left or bottom <= top:
            return None
        image = Image.new("L", ((right - left) * SUPERSAMPLING, (bottom - top) * SUPERSAMPLING))
        draw = ImageDraw.Draw(image)
        offset = (BORDER - left) * SUPERSAMPLING, (BORDER - top) * SUPERSAMPLING
        for outline in outlines:
            draw.polygon((outline * (scale * SUPERSAMPLING) + offset).ravel().tolist(), fill=255)
        cover = np.asarray(image.reduce(SUPERSAMPLING), dtype=np.float32) * np.float32(1.0 / 255.0)
        # Pillow fills every pixel that an outline touches, which would make thin lines too thick on small canvases.
        share = sum(map(_area, outlines)) * scale**2 / max(float(cover.sum()), 1e-6)
        return (slice(top, bottom), slice(left, right)), cover * np.float32(min(1.0, share))

    def mask(self, outlines: Sequence[Array]) -> Map:
        """Full map 0..1 of the union of some outlines."""
        full = np.zeros(self.shape, dtype=np.float32)
        cut = self.cut(outlines)
        if cut is not None:
            full[cut[0]] = cut[1]
        return full

    def blur(self, values: Map, radius: float) -> Map:
        """A full map 0..1 blurred by a Gaussian whose standard deviation is `radius`."""
        image = Image.fromarray((np.clip(values, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8))
        return np.asarray(image.filter(ImageFilter.GaussianBlur(radius * self.canvas.scale)), np.float32) / 255.0


def _area(outline: Array) -> float:
    """Area within an outline."""
    x, y = outline[:, 0], outline[:, 1]
    return abs(float(x[:-1] @ y[1:] - x[1:] @ y[:-1] + x[-1] * y[0] - x[0] * y[-1])) / 2.0
