"""The harbor's towers: a church on the slope, and a lighthouse on its mole."""

import itertools
from dataclasses import dataclass

import numpy as np

from painter.frame import Array
from painter.palette import rgb
from painter.perspective import UP, Plot, Scene, shaded

WALL, TRIM, TILES, COPPER = rgb("#efe3c8"), rgb("#fbf5e6"), rgb("#b0573c"), rgb("#6f9c8c")
DARK, CLOCK, GOLD = rgb("#3a3f4d"), rgb("#f8f3e2"), rgb("#d8a93f")
WHITE, RED, STONE = rgb("#f5efe2"), rgb("#c0392f"), rgb("#a79c8a")

TOWER, TOWER_HEIGHT = 7.0, 31.0


@dataclass(frozen=True)
class Church:
    """A nave along its plot, a dome over its far end, a bell tower at its near end."""

    plot: Plot

    def paint(self, scene: Scene) -> None:
        """Draw dome, nave and tower."""
        self._paint_dome(scene)
        self._paint_nave(scene)
        self._paint_tower(scene)

    def _paint_dome(self, scene: Scene) -> None:
        foot = self.plot.at(5.0, 6.0, 15.0)
        scene.drum(foot, (4.6, 4.6), 4.0, WALL)
        angles = np.linspace(0.0, np.pi / 2, 8)
        for low, high in itertools.pairwise(angles):
            radii = 4.9 * np.cos(low), 4.9 * np.cos(high)
            scene.drum(foot + (4.0 + 5.2 * np.sin(low)) * UP, radii, 5.2 * (np.sin(high) - np.sin(low)), COPPER)
        scene.drum(foot + 9.0 * UP, (0.9, 0.9), 1.8, WALL)
        scene.drum(foot + 10.8 * UP, (1.1, 0.0), 1.6, COPPER)

    def _paint_nave(self, scene: Scene) -> None:
        at, along, across = self.plot.at, self.plot.along, self.plot.across
        scene.lit([at(20, 0, -9), at(20, 12, -9), at(20, 12, 12), at(20, 6, 17), at(20, 0, 12)], WALL, along)
        scene.lit([at(0, 0, -9), at(20, 0, -9), at(20, 0, 12), at(0, 0, 12)], WALL, -across)
        slope = UP - 0.83 * across
        scene.lit([at(-0.4, -0.8, 11.4), at(20.4, -0.8, 11.4), at(20.4, 6, 17), at(-0.4, 6, 17)], TILES, slope)
        for u in np.linspace(0.0, 20.0, 21):
            scene.line(at(u, -0.8, 11.4), at(u, 6, 17), 0.10, shaded(TILES, slope) * 0.86)
        scene.line(at(-0.4, -0.8, 11.3), at(20.4, -0.8, 11.3), 0.35, shaded(TRIM, -across))
        for u in (2.6, 6.6, 10.6, 14.6):
            self._paint_arch(scene, u, 3.4, 1.5, 4.6)

    def _paint_tower(self, scene: Scene) -> None:
        first, last = 17.0, 17.0 + TOWER
        square = (first, last), (-2.0, TOWER - 2.0)
        scene.box(self.plot, *square, (-9.0, TOWER_HEIGHT), WALL)
        for y in (13.0, 22.0, TOWER_HEIGHT):
            grown = tuple((low - 0.35, high + 0.35) for low, high in square)
            scene.box(self.plot, grown[0], grown[1], (y, y + 0.7), TRIM)
        for u in (first + 2.1, last - 2.1):
            self._paint_arch(scene, u, 24.0, 1.1, 4.2, -2.0)
        for v in (0.1, 2.9):
            self._paint_side_arch(scene, last, v, 24.0, 1.1, 4.2)
        self._paint_clock(scene, (first + last) / 2)
        self._paint_spire(scene, square[0], square[1])

    def _paint_spire(self, scene: Scene, u: tuple[float, float], v: tuple[float, float]) -> None:
        base = TOWER_HEIGHT + 0.7
        tip = self.plot.at(sum(u) / 2, sum(v) / 2, base + 9.5)
        corners = [self.plot.at(u[i], v[j], base) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))]
        scene.lit([corners[1], corners[2], tip], COPPER, self.plot.along + 0.3 * UP)
        scene.lit([corners[0], corners[1], tip], COPPER, -self.plot.across + 0.3 * UP)
        scene.line(tip, tip + 2.6 * UP, 0.22, GOLD)
        scene.line(tip + 1.7 * UP - 0.7 * self.plot.along, tip + 1.7 * UP + 0.7 * self.plot.along, 0.2, GOLD)

    def _paint_clock(self, scene: Scene, u: float) -> None:
        angles = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)
        for radius, paint in ((1.75, DARK), (1.5, CLOCK)):
            scene.face([self.plot.at(u + radius * np.cos(a), -2.03, 18.2 + radius * np.sin(a)) for a in angles], paint)
        for reach, angle in ((1.2, 1.9), (0.8, 0.2)):
            end = self.plot.at(u + reach * np.cos(angle), -2.05, 18.2 + reach * np.sin(angle))
            scene.line(self.plot.at(u, -2.05, 18.2), end, 0.16, DARK)

    def _paint_arch(self, scene: Scene, u: float, y: float, width: float, height: float, v: float = 0.0) -> None:
        for grow, paint in ((0.3, shaded(TRIM, -self.plot.across)), (0.0, DARK)):
            outline = _arch(width / 2 + grow, height + grow)
            scene.face([self.plot.at(u + p, v - 0.03, y + q) for p, q in outline], paint)

    def _paint_side_arch(self, scene: Scene, u: float, v: float, y: float, width: float, height: float) -> None:
        for grow, paint in ((0.3, shaded(TRIM, self.plot.along)), (0.0, DARK)):
            outline = _arch(width / 2 + grow, height + grow)
            scene.face([self.plot.at(u + 0.03, v + p, y + q) for p, q in outline], paint)


def paint_lighthouse(scene: Scene, foot: Array) -> None:
    """A mole from the left edge, and at its head the tower in red and white."""
    mole = Plot.of(foot, 0.0)
    scene.box(mole, (-60.0, 7.0), (-4.0, 4.0), (0.0, 2.6), STONE)
    for y in (0.9, 1.7):
        scene.line(mole.at(-60, -4.0, y), mole.at(7, -4.0, y), 0.06, rgb("#857b6c"))
    for u in np.arange(-58.0, 7.0, 2.6):
        scene.line(mole.at(u, -4.0, 0.2), mole.at(u, -4.0, 2.5), 0.06, rgb("#857b6c"))
    scene.face([mole.at(u, -4.02, y) for u, y in ((-60, 0), (7, 0), (7, 0.6), (-60, 0.6))], rgb("#5c6455"))
    scene.box(mole, (-11.0, -4.0), (-2.5, 2.5), (2.6, 5.6), WHITE)
    scene.box(mole, (-11.3, -3.7), (-2.8, 2.8), (5.6, 6.0), RED)
    scene.face([mole.at(u, -2.52, y) for u, y in ((-8.2, 2.6), (-7.0, 2.6), (-7.0, 4.8), (-8.2, 4.8))], DARK)
    scene.drum(mole.at(0, 0, 2.6), (3.4, 3.0), 1.4, STONE)
    for i in range(5):
        radii = 2.45 - 0.17 * i, 2.45 - 0.17 * (i + 1)
        scene.drum(mole.at(0, 0, 4.0 + 3.0 * i), radii, 3.0, RED if i % 2 else WHITE)
    for y in (6.0, 12.0):
        scene.face([mole.at(p, -2.5, y + q) for p, q in _arch(0.4, 1.3)], DARK)
    scene.drum(mole.at(0, 0, 19.0), (2.2, 2.2), 0.6, DARK)
    scene.drum(mole.at(0, 0, 19.6), (1.2, 1.2), 2.0, rgb("#f7dfa0"))
    scene.drum(mole.at(0, 0, 21.6), (1.6, 0.2), 1.4, RED)


def _arch(half: float, height: float) -> list[tuple[float, float]]:
    """Outline (across,up) of an opening with a round top."""
    round_top = [(half * np.cos(a), height - half + half * np.sin(a)) for a in np.linspace(0.0, np.pi, 10)]
    return [(half, 0.0), *round_top, (-half, 0.0)]
