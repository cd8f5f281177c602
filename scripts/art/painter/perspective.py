"""A scene in space, seen through a camera: flat faces, shaded by the sun and veiled by haze.

Space is measured in meters: X to the right, Y upwards from the water, Z away from the viewer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from painter.frame import Array
from painter.palette import rgb
from painter.stencil import Stencil

UP = np.array([0.0, 1.0, 0.0])

SUN = np.array([-0.75, 0.60, -0.28])
"""Direction to the sun, of length 1."""

AMBIENT, DIFFUSE = 0.58, 0.58
"""Light of the sky, and of the sun on a face turned to it."""

SHADE_TINT, SUN_TINT = np.array([0.88, 0.95, 1.08]), np.array([1.08, 1.0, 0.88])
"""Color of the light in shade and in full sun."""

HAZE = rgb("#d9dedc")

DRUM_FACES = 20


@dataclass(frozen=True)
class Camera:
    """Looks along Z from `height` above the water; `horizon` is on the picture, `focal` in the picture's long sides."""

    height: float
    horizon: float
    focal: float
    haze: float
    """Distance, meters, over which haze takes 63% of the color."""

    def project(self, points: Array) -> Array:
        """Places [...,2] on the picture of points [...,3] in space."""
        z = np.maximum(points[..., 2], 1.0)
        x = 0.5 + self.focal * points[..., 0] / z
        return np.stack([x, self.horizon - self.focal * (points[..., 1] - self.height) / z], axis=-1)


@dataclass(frozen=True)
class Plot:
    """A level piece of ground: an origin, and two directions at a right angle along and across it."""

    origin: Array
    along: Array
    across: Array

    @classmethod
    def of(cls, origin: npt.ArrayLike, heading: float) -> "Plot":
        """A plot whose length points `heading` radians away from X, towards the viewer if positive."""
        cos, sin = np.cos(heading), np.sin(heading)
        return cls(np.asarray(origin, float), np.array([cos, 0.0, -sin]), np.array([sin, 0.0, cos]))

    def at(self, u: float, v: float, y: float) -> Array:
        """The point `u` meters along, `v` across and `y` above the origin."""
        return self.origin + u * self.along + v * self.across + y * UP


@dataclass(frozen=True)
class Scene:
    """Draws on one stencil; the `mirrored` scene is the reflection in still water."""

    stencil: Stencil
    camera: Camera
    mirrored: bool = False

    def face(self, corners: npt.ArrayLike, color: Array, light: float = 1.0) -> None:
        """A flat face in plain color times `light`, veiled by haze."""
        points = np.asarray(corners, dtype=np.float64)
        self.stencil.fill(self.place(points), self.veiled(color * light, float(points[:, 2].mean())))

    def faces(self, outlines: Sequence[Array], color: Array) -> None:
        """Several faces at about one distance, in one plain color."""
        if len(outlines):
            veiled = self.veiled(color, float(outlines[0][:, 2].mean()))
            self.stencil.fill_all([self.place(outline) for outline in outlines], veiled)

    def lit(self, corners: npt.ArrayLike, color: Array, normal: Array) -> None:
        """A flat face shaded by the sun, drawn only if its `normal` faces the viewer."""
        points = np.asarray(corners, dtype=np.float64)
        if self.sees(points[0], normal):
            self.face(points, shaded(color, normal))

    def box(
        self, plot: Plot, u: tuple[float, float], v: tuple[float, float], y: tuple[float, float], paint: Array
    ) -> None:
        """An upright box between two values of each coordinate of a plot."""
        for normal, line in (
            (plot.across, ((0, 1), (1, 1))),
            (-plot.along, ((0, 0), (0, 1))),
            (plot.along, ((1, 0), (1, 1))),
            (-plot.across, ((0, 0), (1, 0))),
        ):
            (a, b), (c, d) = line
            ends = (u[a], v[b]), (u[c], v[d])
            self.lit(
                [*(plot.at(*end, y[0]) for end in ends), *(plot.at(*end, y[1]) for end in ends[::-1])], paint, normal
            )
        self.lit([plot.at(u[i], v[j], y[1]) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))], paint, UP)

    def drum(self, foot: Array, radii: tuple[float, float], height: float, paint: Array) -> None:
        """A round tower, or a frustum, whose radius changes from foot to top; radius 0 makes a cone."""
        angles = np.linspace(0.0, 2.0 * np.pi, DRUM_FACES + 1)
        rims = [
            np.stack([r * np.cos(angles), np.full_like(angles, y), r * np.sin(angles)], axis=1)
            for r, y in zip(radii, (0.0, height), strict=True)
        ]
        lean = (radii[0] - radii[1]) / max(height, 1e-6)
        for i in range(DRUM_FACES):
            middle = (angles[i] + angles[i + 1]) / 2
            normal = np.array([np.cos(middle), lean, np.sin(middle)])
            corners = np.stack([rims[0][i], rims[0][i + 1], rims[1][i + 1], rims[1][i]])
            self.lit(foot + corners, paint, normal)

    def line(self, start: npt.ArrayLike, end: npt.ArrayLike, width: float, color: Array) -> None:
        """A round bar `width` meters thick, with a minimum width on the picture."""
        points = np.stack([np.asarray(start, float), np.asarray(end, float)])
        ends, distance = self.place(points), float(points[:, 2].mean())
        step = ends[1] - ends[0]
        normal = np.array([-step[1], step[0]]) / max(float(np.hypot(*step)), 1e-9)
        half = max(self.camera.focal * width / distance / 2, 0.00028) * normal
        outline = np.stack([ends[0] + half, ends[1] + half, ends[1] - half, ends[0] - half])
        self.stencil.fill(outline, self.veiled(color, distance))

    def place(self, points: Array) -> Array:
        """Places on the picture, below the water's surface if mirrored."""
        return self.camera.project(points * (1.0, -1.0 if self.mirrored else 1.0, 1.0))

    def veiled(self, color: Array, distance: float) -> Array:
        """A color seen through `distance` meters of haze."""
        share = 1.0 - np.exp(-distance / self.camera.haze)
        return np.minimum(color + share * (HAZE - color), 1.0)

    def sees(self, point: Array, normal: Array) -> bool:
        """Whether a face with this normal at `point` faces the viewer."""
        eye = np.array([0.0, -self.camera.height if self.mirrored else self.camera.height, 0.0])
        return float(np.dot(normal, eye - point)) > 0.0


def shaded(color: Array, normal: Array) -> Array:
    """A color in the sun, or in the shade with the bluish light of the sky."""
    sun = max(0.0, float(np.dot(normal, SUN)) / float(np.linalg.norm(normal)))
    return color * (AMBIENT * SHADE_TINT + DIFFUSE * sun * SUN_TINT)
