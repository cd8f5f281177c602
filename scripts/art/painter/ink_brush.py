"""Ink on rice paper: strokes of varying pressure that run dry, and washes with soft wet edges."""

import copy
from dataclasses import dataclass, replace

import numpy as np

from painter.canvas import Canvas
from painter.curve import normals, ribbon, swell
from painter.frame import Array, bump, smoothstep
from painter.palette import rgb
from painter.stencil import Map, Stencil

INK = rgb("#17171a")
INDIGO, OCHRE = rgb("#3f5a66"), rgb("#b07d47")
PAPER = rgb("#e9dfc8")

DRY_LEVELS = 5
"""Steps between a wet brush, which fills the hollows of the paper, and a dry brush, which leaves them white."""


@dataclass(frozen=True)
class InkBrush:
    """Parameters of a stroke. Lengths are fractions of the picture's long side."""

    width: float
    load: float = 0.85
    """Strength of the ink, 0..1."""
    dryness: float = 0.2
    """Visibility of the paper's texture and of gaps between hairs, 0..1."""
    hairs: int = 1
    """Tufts into which the brush splits."""
    start: float = 0.5
    end: float = 0.05
    """Pressure at both ends relative to the highest."""
    peak: float = 0.3
    """Position of the highest pressure, as a share of the length."""

    def thinned(self, strength: float) -> "InkBrush":
        """The same brush with thinner ink, or darker if `strength` is above 1."""
        return replace(self, load=min(1.0, self.load * strength))


@dataclass(frozen=True)
class Scaled:
    """A map times a factor, multiplied only in the windows that are read."""

    values: Map
    factor: float

    def __getitem__(self, window: tuple[slice, slice]) -> Map:
        return self.values[window] * np.float32(self.factor)


class InkHand:
    """Ink strokes and washes on one sheet of paper."""

    def __init__(self, canvas: Canvas, rng: np.random.Generator) -> None:
        self.stencil = Stencil(canvas)
        self.rng = rng
        tooth = 0.5 * self.stencil.noise(0.0035, 0.0028, rng) + 0.5 * self.stencil.noise(0.0018, 0.0016, rng)
        levels = np.linspace(0.0, 1.0, DRY_LEVELS)
        self._takes = [1.0 - (0.15 + 0.85 * d) * smoothstep(tooth, 0.75 - 0.45 * d, 0.9 - 0.35 * d) for d in levels]
        self._takes = [take.astype(np.float32) for take in self._takes]
        self._grains = (0.80 + 0.22 * tooth + 0.12 * self.stencil.noise(0.05, 0.05, rng)).astype(np.float32)

    def branch(self, seed: int) -> "InkHand":
        """A hand on the same sheet with its own random generator, so that its draws do not affect later strokes."""
        other = copy.copy(self)
        other.rng = np.random.default_rng(seed)
        return other

    def stroke(self, path: Array, brush: InkBrush, ink: Array = INK) -> None:
        """One stroke along `path` [points,2]."""
        vary = self.rng.normal(size=3)
        pressure = brush.width / 2 * (1.0 + 0.15 * vary[0]) * swell(len(path), brush.start, brush.end, brush.peak)
        load = min(1.0, brush.load * (1.0 + 0.12 * vary[1]))
        take = self._takes[min(DRY_LEVELS - 1, max(0, round((DRY_LEVELS - 1) * (brush.dryness + 0.12 * vary[2]))))]
        if brush.hairs == 1:
            self.stencil.fill(ribbon(path, pressure), ink, Scaled(take, load))
        else:
            self._tufts(path, pressure, brush, Scaled(take, load), ink)

    def wash(self, cover: Map, ink: Array, load: float, edge: float = 0.0) -> None:
        """Dilute ink over a full map 0..1; `edge` is the extra pigment at its edge."""
        rim = bump(cover - 0.45, 0.28) if edge else 0.0
        self.stencil.lay(np.clip(load * cover * (1.0 + edge * rim) * self._grains, 0.0, 1.0), ink)

    def _tufts(self, path: Array, pressure: Array, brush: InkBrush, take: Scaled, ink: Array) -> None:
        """Tufts side by side, each with its own start, end and gaps, in two strengths of ink."""
        side = normals(path)
        for share, strength in ((0.75, 1.0), (0.65, 0.6)):
            outlines = []
            for place in np.linspace(-1.0, 1.0, brush.hairs):
                if self.rng.random() > share:
                    continue
                first = int(len(path) * 0.12 * self.rng.random() * brush.dryness)
                last = len(path) - int(len(path) * 0.6 * self.rng.random() * brush.dryness)
                spine = path + 0.9 * place * pressure[:, None] * side
                girth = pressure / brush.hairs * self.rng.uniform(0.7, 1.9)
                outlines.append(ribbon(spine[first:last], girth[first:last]))
            if outlines:
                self.stencil.fill_all(outlines, ink, Scaled(take.values, take.factor * strength))


def lay_paper(hand: InkHand) -> None:
    """Tone the sheet: cloudy warm paper with long fibers, some light, some dark."""
    stencil, rng = hand.stencil, hand.rng
    cloudy = 0.6 * stencil.noise(0.2, 0.2, rng) + 0.4 * stencil.noise(0.03, 0.03, rng)
    stencil.lay(0.45 * cloudy, rgb("#cdb98f"))
    for paint, load, count in ((rgb("#fbf5e4"), 0.5, 900), (rgb("#9a8359"), 0.35, 700)):
        for place in rng.random((count, 2)):
            turn = np.cumsum(rng.normal(0.0, 0.25, 14)) + rng.uniform(0.0, 2.0 * np.pi)
            steps = 0.0022 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
            stencil.fill(ribbon(place + np.cumsum(steps, axis=0), 0.00045), paint, load)
