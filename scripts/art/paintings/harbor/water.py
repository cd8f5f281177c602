"""The harbor's water: the mirror image, distorted by waves, over the color of the water."""

import numpy as np

from painter.frame import smoothstep
from painter.palette import Ramp
from painter.perspective import Camera
from painter.stencil import Map, Stencil

DEPTHS = Ramp.of("#5f8f9c", "#3a7286", "#235468", "#173f53")
"""Color of the water itself, from the horizon to the foreground."""

WAVES = 22
LENGTHS = (0.9, 14.0)
"""Wavelengths, meters."""

SLOPE = 0.0042
"""Steepness of a wave of one meter; longer ones are steeper by `STEEPENING` as a power of their length."""

STEEPENING = 0.18

REFERENCE = 1024
"""Picture size, in pixels along the long side, that decides at every output size which waves are drawn."""

SMEAR = 0.006
"""Blur of the mirror image by ripples too small to draw."""


def stir(stencil: Stencil, mirror: Map, camera: Camera, rng: np.random.Generator) -> Map:
    """Colors [rows,columns,3] of the water, from the `mirror` image in still water."""
    depth = np.maximum(stencil.y - camera.horizon, 1e-3)
    z = camera.focal * camera.height / depth
    across, ahead = _slopes((stencil.x - 0.5) / camera.focal * z, z, camera, rng)
    shift = 2.0 * camera.focal * stencil.canvas.scale
    rows, columns = np.mgrid[0 : stencil.shape[0], 0 : stencil.shape[1]]
    row = np.clip(rows + shift * ahead, 0, stencil.shape[0] - 1).astype(np.intp)
    column = np.clip(columns + 0.15 * shift * across, 0, stencil.shape[1] - 1).astype(np.intp)
    smeared = _smear(mirror, max(1, round(SMEAR * stencil.canvas.scale)))
    near = np.clip(depth / (stencil.y.max() - camera.horizon), 0.0, 1.0)
    own = DEPTHS(near**0.8)
    gloss = np.clip(0.90 - 0.40 * near - 7.0 * ahead, 0.15, 1.0)[..., None]
    return (own + gloss * (smeared[row, column] * 0.95 - own)).astype(np.float32)


def _slopes(x: Map, z: Map, camera: Camera, rng: np.random.Generator) -> tuple[Map, Map]:
    """Slopes of the surface across and ahead at every pixel, without waves too small to be visible far away."""
    pixel = z**2 / (camera.focal * camera.height) / REFERENCE
    patches = 0.55 + 0.9 * np.sin(0.05 * x + 0.03 * z + np.sin(0.021 * z)) ** 2
    across, ahead = np.zeros_like(x), np.zeros_like(x)
    for length in np.geomspace(*LENGTHS, WAVES):
        heading = rng.normal(np.pi / 2, 0.5)
        number = 2.0 * np.pi / length
        phase = number * (np.cos(heading) * x + np.sin(heading) * z) + rng.uniform(0.0, 6.3)
        wave = (
            SLOPE
            * length**STEEPENING
            * np.cos(phase + 0.9 * np.sin(0.31 * phase))
            * smoothstep(length / pixel, 1.5, 5.0)
        )
        across += np.cos(heading) * wave * patches
        ahead += np.sin(heading) * wave * patches
    return across, ahead


def _smear(mirror: Map, radius: int) -> Map:
    """The mean of `radius` rows above and below, twice."""
    for _ in range(2):
        padded = np.pad(mirror, ((radius + 1, radius), (0, 0), (0, 0)), mode="edge").cumsum(axis=0, dtype=np.float64)
        mirror = ((padded[2 * radius + 1 :] - padded[: -2 * radius - 1]) / (2 * radius + 1)).astype(np.float32)
    return mirror
