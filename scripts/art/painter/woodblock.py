"""Woodblock printing: paper, the grain of the block in every color, graded colors and key-lines."""

from collections.abc import Sequence

import numpy as np

from painter.canvas import Canvas
from painter.curve import ribbon, swell
from painter.frame import Array, smoothstep
from painter.stencil import Map, Stencil

RINGS = 40.0
"""Year rings of the wood over the picture's long side."""

SLIP = 0.0011
"""Maximum offset between color blocks and key block."""

TINT_CONTRAST = 3.0
"""Exponent of the grain in broad tints, which are printed thin."""


class Print:
    """A sheet of paper, printed in several colors from blocks with the same grain."""

    def __init__(self, canvas: Canvas, rng: np.random.Generator) -> None:
        self.stencil = Stencil(canvas)
        self.rng = rng
        self.density = _density(self.stencil, rng)
        self.slip = rng.uniform(-SLIP, SLIP, 2)

    def color(self, outlines: Sequence[Array], paint: Array, strength: float | Map = 1.0) -> None:
        """Print flat or graded color inside the union of some outlines."""
        self.stencil.fill_all([outline + self.slip for outline in outlines], paint, self.density * strength)

    def tint(self, cover: Map, paint: Array) -> None:
        """Print a color over the sheet, graded by a full map 0..1 (bokashi: the block was wiped before printing)."""
        self.stencil.lay(cover, paint, self.density**TINT_CONTRAST)

    def key(self, path: Array, paint: Array, width: float, start: float = 0.2, end: float = 0.1) -> None:
        """A key-line of uneven width along `path`: at most `width`, and its shares `start` and `end` at the ends."""
        rough = 1.0 + 0.25 * np.interp(np.linspace(0, 1, len(path)), np.linspace(0, 1, 9), self.rng.normal(size=9))
        pressure = swell(len(path), start, end, self.rng.uniform(0.3, 0.7)) * np.clip(rough, 0.4, 1.5)
        self.stencil.fill(ribbon(path, width / 2 * pressure), paint)

    def emboss(self, strength: float) -> None:
        """Add the relief of paper fibers and of the grain, visible in the light of `Canvas.picture`."""
        stencil = self.stencil
        laid = stencil.noise(0.012, 0.0020, self.rng) + stencil.noise(0.0025, 0.0025, self.rng)
        stencil.pixels[..., 3] = strength * (0.25 * laid + self.density)


def _density(stencil: Stencil, rng: np.random.Generator) -> Map:
    """Amount of ink from the block, about 0.6..1: stretched year rings, pores, and mottling."""
    warp = 0.20 * stencil.noise(0.5, 0.3, rng) + 0.020 * stencil.noise(0.12, 0.04, rng)
    place = RINGS * (stencil.y + warp) + 0.7 * stencil.noise(0.3, 0.02, rng)
    ring = place % 1.0
    late_wood = smoothstep(ring, 0.1, 0.85) * smoothstep(ring, 1.0, 0.9)
    pores = smoothstep(stencil.noise(0.030, 0.0014, rng), 0.68, 0.95)
    mottle = stencil.noise(0.007, 0.006, rng) + stencil.noise(0.0025, 0.0025, rng)
    return (1.0 - 0.24 * late_wood - 0.30 * pores - 0.09 * mottle).astype(np.float32)
