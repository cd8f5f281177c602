"""The harbor's boats: hulls in the round, with cabins, masts and sails."""

from dataclasses import dataclass, field

import numpy as np

from painter.frame import Array
from painter.palette import rgb
from painter.perspective import Plot, Scene, shaded

DECK, INSIDE, WOOD, SAIL, RIGGING, GLASS = (
    rgb(c) for c in ("#d9c4a0", "#7d6148", "#8a6240", "#fbf4e4", "#5e5a55", "#35485a")
)
WATERLINE = rgb("#2e3a44")

STATIONS = np.linspace(-1.0, 1.0, 25)
"""Positions along a hull from stern to bow."""


@dataclass(frozen=True)
class Boat:
    """A boat on the water at (X,Z); its bow points `heading` radians from X towards the viewer."""

    place: tuple[float, float]
    heading: float
    length: float
    hull: str
    stripe: str = "#f4ecdc"
    rig: str = "none"
    """none, mast (sails furled), sails, or cabin."""
    plot: Plot = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plot", Plot.of((self.place[0], 0.0, self.place[1]), self.heading))

    def paint(self, scene: Scene) -> None:
        """Draw hull, deck, and superstructure."""
        self._paint_hull(scene)
        if self.rig == "cabin":
            self._paint_cabin(scene)
        if self.rig in ("mast", "sails"):
            self._paint_rig(scene)

    def _edge(self, side: float, level: float, spread: float = 1.0) -> list[Array]:
        """Points along one side at a share of the freeboard; the hull narrows towards the water."""
        beam = 0.17 * self.length * spread * np.clip(1.0 - np.clip(STATIONS, -0.35, 1.0) ** 2, 0.0, 1.0) ** 0.6
        beam = np.where(STATIONS < -0.35, beam * (1.0 + 0.35 * (STATIONS + 0.35)), beam)
        sheer = 0.105 * self.length * (1.0 + 0.55 * np.clip(STATIONS, 0.0, 1.0) ** 2 + 0.12 * STATIONS**2)
        reach = self.length / 2 * (STATIONS - 0.07 * (1.0 - level) * np.clip(STATIONS, 0.0, 1.0))
        narrow = 0.72 + 0.28 * level
        return [self.plot.at(u, side * b * narrow, y * level) for u, b, y in zip(reach, beam, sheer, strict=True)]

    def _paint_hull(self, scene: Scene) -> None:
        near = -1.0 if scene.sees(self.plot.origin, -self.plot.across) else 1.0
        stern = self._edge(-1.0, 1.0)[0], self._edge(1.0, 1.0)[0], self._edge(1.0, 0.0)[0], self._edge(-1.0, 0.0)[0]
        scene.lit(stern, rgb(self.hull), -self.plot.along)
        scene.face([*self._edge(near, 1.0), *self._edge(-near, 1.0)[::-1]], DECK if self.rig != "none" else WOOD)
        if self.rig == "none":
            scene.face([*self._edge(near, 0.97, 0.84)[1:-1], *self._edge(-near, 0.97, 0.84)[1:-1][::-1]], INSIDE)
            for i in (6, 12, 17):
                scene.line(self._edge(near, 0.93, 0.85)[i], self._edge(-near, 0.93, 0.85)[i], 0.32, DECK)
        normal = near * self.plot.across
        for low, high, paint in ((0.0, 1.0, self.hull), (0.76, 0.93, self.stripe)):
            scene.face([*self._edge(near, low), *self._edge(near, high)[::-1]], shaded(rgb(paint), normal))
        scene.face([*self._edge(near, 0.0), *self._edge(near, 0.16)[::-1]], WATERLINE)

    def _paint_cabin(self, scene: Scene) -> None:
        """A wheelhouse, a mast with a boom, and a net drum astern."""
        size = self.length
        at, deck = self.plot.at, 0.10 * size
        scene.box(
            self.plot, (-0.08 * size, 0.16 * size), (-0.085 * size, 0.085 * size), (deck, deck + 0.20 * size), SAIL
        )
        scene.box(
            self.plot,
            (-0.10 * size, 0.18 * size),
            (-0.10 * size, 0.10 * size),
            (deck + 0.20 * size, deck + 0.225 * size),
            rgb(self.hull),
        )
        near = -1.0 if scene.sees(self.plot.origin, -self.plot.across) else 1.0
        for u in (-0.06, 0.02, 0.10):
            pane = [
                at((u + p) * size, near * 0.0865 * size, deck + q * size)
                for p, q in ((0, 0.11), (0.05, 0.11), (0.05, 0.175), (0, 0.175))
            ]
            scene.face(pane, GLASS)
        foot, top = at(-0.16 * size, 0, deck), at(-0.16 * size, 0, deck + 0.52 * size)
        scene.line(foot, top, 0.022 * size, WOOD)
        scene.line(at(-0.16 * size, 0, deck + 0.14 * size), at(-0.46 * size, 0, deck + 0.36 * size), 0.016 * size, WOOD)
        for end in (
            at(0.49 * size, 0, 0.16 * size),
            at(-0.47 * size, 0, deck),
            at(-0.46 * size, 0, deck + 0.36 * size),
        ):
            scene.line(top, end, 0.02, RIGGING)
        scene.box(
            self.plot,
            (-0.42 * size, -0.30 * size),
            (-0.06 * size, 0.06 * size),
            (deck, deck + 0.07 * size),
            rgb("#3f7f84"),
        )

    def _paint_rig(self, scene: Scene) -> None:
        """Mast, boom and stays; the mainsail and jib, set or furled."""
        size, at = self.length, self.plot.at
        deck, top = 0.11 * size, 1.30 * size
        mast = 0.06 * size
        if self.rig == "sails":
            bulge = 0.10 * size
            leech = [
                at(
                    mast - 0.02 * size - 0.50 * size * (1.0 - t) ** 0.8,
                    bulge * np.sin(np.pi * t),
                    0.22 * size + t * (top - 0.24 * size),
                )
                for t in np.linspace(0, 1, 12)
            ]
            scene.face([at(mast, 0, 0.22 * size), *leech], SAIL, 0.99)
            luff = [
                at(mast + 0.40 * size * (1.0 - t), -0.3 * bulge * np.sin(np.pi * t), 0.16 * size + t * 0.95 * size)
                for t in np.linspace(0, 1, 8)
            ]
            scene.face([*luff, at(mast + 0.02 * size, bulge, 0.24 * size)], SAIL, 0.91)
        else:
            scene.line(at(mast, 0, 0.25 * size), at(-0.40 * size, 0, 0.24 * size), 0.045 * size, rgb("#3c5f8a"))
        scene.line(at(mast, 0, deck), at(mast, 0, top), 0.016 * size, rgb("#d8d2c4"))
        for end in (at(0.48 * size, 0, 0.17 * size), at(-0.48 * size, 0, deck)):
            scene.line(at(mast, 0, top), end, 0.02, RIGGING)
        scene.box(
            self.plot, (-0.16 * size, 0.14 * size), (-0.07 * size, 0.07 * size), (deck, deck + 0.055 * size), SAIL
        )


MOORED = tuple(
    Boat(place, heading, length, hull, stripe, "mast")
    for place, heading, length, hull, stripe in (
        ((-38.0, 232.0), 0.5, 9.0, "#f2ede0", "#2f4a6d"),
        ((-16.0, 205.0), 0.6, 10.0, "#2f4a6d", "#f2ede0"),
        ((-3.0, 182.0), 0.7, 9.0, "#f2ede0", "#b03a30"),
        ((7.0, 160.0), 0.8, 10.0, "#f2ede0", "#3f7f84"),
        ((13.5, 141.0), 0.9, 9.0, "#8f3430", "#f2ede0"),
        ((20.0, 123.0), 1.0, 10.0, "#f2ede0", "#2f4a6d"),
        ((25.0, 106.0), 1.1, 9.0, "#35566d", "#e8d9a8"),
        ((29.5, 91.0), 1.2, 9.0, "#f2ede0", "#b98a3a"),
    )
)
AFLOAT = (
    Boat((-118.0, 420.0), 0.1, 14.0, "#f2ede0", "#2f4a6d", "sails"),
    Boat((-62.0, 330.0), 2.9, 13.0, "#f2ede0", "#b03a30", "sails"),
    Boat((-33.0, 176.0), 0.15, 12.5, "#27405f", "#f2ede0", "sails"),
    Boat((8.0, 92.0), 2.75, 10.5, "#3f7f84", "#e9c46a", "cabin"),
    Boat((-13.0, 68.0), 0.25, 11.0, "#b03a30", "#f4ecdc", "cabin"),
    Boat((16.5, 58.0), 0.55, 5.0, "#e9dcc0", "#3f6b8f"),
    Boat((6.0, 47.0), 2.75, 4.8, "#4d7fa0", "#f4ecdc"),
)


def paint_boats(scene: Scene) -> None:
    """All boats, the farthest first."""
    for boat in sorted((*MOORED, *AFLOAT), key=lambda boat: -boat.place[1]):
        boat.paint(scene)
