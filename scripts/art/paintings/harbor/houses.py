"""The harbor's houses: walls with windows, shutters and doors under tiled roofs."""

from dataclasses import dataclass

import numpy as np

from painter.frame import Array
from painter.palette import rgb
from painter.perspective import UP, Plot, Scene, shaded

WALLS = tuple(rgb(c) for c in ("#f0d9a8", "#e8b98a", "#f3e9d3", "#d99a78", "#e9cf8f", "#cfd6d0", "#f1c7a4", "#dcae66"))
ROOFS = tuple(rgb(c) for c in ("#b5573a", "#a34a33", "#c26a45", "#9a5540"))
SHUTTERS = tuple(rgb(c) for c in ("#3f6b5c", "#4d6f8f", "#7a4a3a", "#5d7a55"))
AWNINGS = tuple(rgb(c) for c in ("#c4483c", "#e9dfc9", "#3f7f84", "#d8a53f"))
GLASS, GLASS_LIT, TRIM, DOOR = rgb("#33475a"), rgb("#8fb0c4"), rgb("#f4ead6"), rgb("#5b3a2a")

STOREY = 3.3
ATTIC = 0.8
"""Height of the wall above the last story."""

EAVE = 0.5
"""Overhang of a roof over its walls."""

CELLAR = 8.0
"""Depth of the walls below the foot of a house on the slope."""

BAY = 2.9
"""Breadth of wall for each column of windows."""


@dataclass(frozen=True)
class House:
    """A house with its front along its plot and its depth across it."""

    plot: Plot
    width: float
    depth: float
    storeys: int
    wall: Array
    roof: Array
    shutter: Array
    pitch: float
    """Height of the ridge above the eaves."""
    awning: Array | None = None
    """Color of the awnings over its doors; only houses on the quay have them, and these have no cellar."""

    @property
    def height(self) -> float:
        """Height of the eaves."""
        return self.storeys * STOREY + ATTIC

    def paint(self, scene: Scene) -> None:
        """Draw the walls with their details, then the roof."""
        at, w, d, h = self.plot.at, self.width, self.depth, self.height
        foot = 0.0 if self.awning is not None else -CELLAR
        for u, normal in ((0.0, -self.plot.along), (w, self.plot.along)):
            gable = [at(u, 0, foot), at(u, d, foot), at(u, d, h), at(u, d / 2, h + self.pitch), at(u, 0, h)]
            scene.lit(gable, self.wall, normal)
        self._paint_gable_windows(scene)
        if scene.sees(self.plot.origin, -self.plot.across):
            self._paint_front(scene, foot)
        self._paint_roof(scene)

    def _paint_front(self, scene: Scene, foot: float) -> None:
        """Wall, plinth, shadow under the eaves, cornices, windows, doors."""
        w, h, wall = self.width, self.height, shaded(self.wall, -self.plot.across)
        scene.face(self._panel(0.0, w, foot, h), wall)
        scene.face(self._panel(0.0, w, h - 0.45, h), wall, 0.70)
        scene.face(self._panel(0.0, w, h - 0.85, h - 0.45), wall, 0.84)
        scene.face(self._panel(0.0, w, foot, 0.7), wall, 0.80)
        columns = max(2, round(w / BAY))
        for storey in range(self.storeys):
            base = storey * STOREY
            if storey:
                scene.face(self._panel(0.0, w, base - 0.02, base + 0.14), wall, 1.07)
            for i in range(columns):
                middle = w * (i + 0.5) / columns
                if storey == 0 and i % 2 == columns % 2:
                    self._paint_door(scene, middle)
                else:
                    self._paint_window(scene, middle, base + 1.05)

    def _paint_window(self, scene: Scene, u: float, y: float) -> None:
        """Frame, panes, shutters and sill; the mirror image has only the panes."""
        trim, shutter = (shaded(paint, -self.plot.across) for paint in (TRIM, self.shutter))
        if scene.mirrored:
            scene.face(self._panel(u - 0.55, u + 0.55, y, y + 1.75), GLASS)
            return
        scene.face(self._panel(u - 0.62, u + 0.62, y - 0.12, y + 1.82), trim)
        scene.face(self._panel(u - 0.48, u + 0.48, y, y + 1.7), GLASS)
        scene.face(self._panel(u - 0.48, u + 0.05, y + 0.8, y + 1.7), GLASS_LIT, 0.85)
        for side in (-1.0, 1.0):
            scene.face(self._panel(u + side * 0.62, u + side * 1.12, y - 0.05, y + 1.75), shutter)
        scene.face(self._panel(u - 0.75, u + 0.75, y - 0.30, y - 0.12), shaded(self.wall, -self.plot.across), 0.76)

    def _paint_door(self, scene: Scene, u: float) -> None:
        scene.face(self._panel(u - 0.95, u + 0.95, 0.0, 2.75), shaded(TRIM, -self.plot.across))
        scene.face(self._panel(u - 0.75, u + 0.75, 0.0, 2.55), DOOR)
        scene.face(self._panel(u - 0.75, u + 0.75, 1.95, 2.55), GLASS)
        if self.awning is not None:
            at = self.plot.at
            cloth = [at(u - 1.4, 0, 3.2), at(u + 1.4, 0, 3.2), at(u + 1.4, -1.8, 2.4), at(u - 1.4, -1.8, 2.4)]
            scene.lit(cloth, self.awning, UP - 0.4 * self.plot.across)
            scene.face([cloth[3], cloth[2], cloth[2] - 0.3 * UP, cloth[3] - 0.3 * UP], self.awning, 0.85)

    def _paint_gable_windows(self, scene: Scene) -> None:
        if not scene.sees(self.plot.at(self.width, 0.0, 0.0), self.plot.along):
            return
        for storey in range(self.storeys):
            for share in (0.3, 0.7):
                low, high = self.depth * share - 0.5, self.depth * share + 0.5
                y = storey * STOREY + 1.05
                for grow, paint in ((0.13, shaded(TRIM, self.plot.along)), (0.0, GLASS)):
                    sides, levels = (low - grow, high + grow), (y - grow, y + 1.7 + grow)
                    places = ((sides[i], levels[j]) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1)))
                    scene.face([self.plot.at(self.width, p, q) for p, q in places], paint)

    def _paint_roof(self, scene: Scene) -> None:
        """Two slopes with rows of tiles, edges, a chimney; the mirror image has no tiles."""
        at, w, d, h, top = self.plot.at, self.width, self.depth, self.height, self.height + self.pitch
        eave = h - EAVE * self.pitch / (d / 2)
        left, right = -0.25, w + 0.25
        front = [at(left, -EAVE, eave), at(right, -EAVE, eave), at(right, d / 2, top), at(left, d / 2, top)]
        tilt = np.array([self.pitch, d / 2]) / np.hypot(self.pitch, d / 2)
        behind, before = (sign * tilt[0] * self.plot.across + tilt[1] * UP for sign in (1.0, -1.0))
        scene.lit([at(left, d + EAVE, eave), at(right, d + EAVE, eave), *front[2:]], self.roof, behind)
        scene.box(self.plot, (0.7 * w, 0.7 * w + 0.9), (0.62 * d, 0.62 * d + 0.8), (h, top + 1.1), self.wall)
        scene.lit(front, self.roof, before)
        if scene.sees(front[0], before) and not scene.mirrored:
            for t in np.linspace(0.0, 1.0, max(4, round(w / 0.8))):
                low, high = front[0] + t * (front[1] - front[0]), front[3] + t * (front[2] - front[3])
                scene.line(low, high, 0.10, shaded(self.roof, before) * 0.86)
        scene.line(front[0], front[1], 0.20, shaded(self.roof, before) * 0.62)
        scene.line(front[3], front[2], 0.22, shaded(self.roof, UP) * 1.06)

    def _panel(self, left: float, right: float, low: float, high: float) -> list[Array]:
        """A rectangle on the front."""
        return [self.plot.at(u, -0.02, y) for u, y in ((left, low), (right, low), (right, high), (left, high))]
