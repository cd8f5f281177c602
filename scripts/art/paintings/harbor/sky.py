"""The harbor's backdrop: sky, clouds and hills."""

from dataclasses import dataclass

import numpy as np

from painter.frame import smoothstep
from painter.palette import Ramp, rgb
from painter.stencil import Map, Stencil

SKY = Ramp.of("#3f78b5", "#6199cb", "#92bcdc", "#c6d8de", "#efe2c9", "#f6dcb4")
CLOUD_LIT, CLOUD_SHADE = rgb("#fff6e6"), rgb("#98a6bd")


@dataclass(frozen=True)
class Hill:
    """A range: waves (amplitude, number over the width, phase) on a crest that lies at `y`."""

    y: float
    waves: tuple[tuple[float, float, float], ...]
    lit: str
    shade: str
    grain: float
    """Size of its woods and fields."""


HILLS = (
    Hill(0.285, ((0.040, 0.9, 2.3), (0.012, 2.7, 0.4), (0.004, 7.3, 1.0)), "#a9bccb", "#8ea6be", 0.05),
    Hill(0.318, ((0.034, 1.2, 0.2), (0.010, 3.3, 2.0), (0.004, 8.3, 0.5)), "#93aaa6", "#6e8b95", 0.025),
    Hill(0.338, ((0.040, 0.8, 3.9), (0.008, 4.3, 1.0), (0.003, 11.0, 0.0)), "#8c9f74", "#54715f", 0.012),
)


def paint_backdrop(stencil: Stencil, horizon: float, rng: np.random.Generator) -> None:
    """Sky, clouds and hills over the whole canvas; the lowest tones continue below the horizon."""
    stencil.pixels[..., :3] = SKY(np.clip(stencil.y / horizon, 0.0, 1.0) ** 0.9)
    _paint_clouds(stencil, horizon, rng)
    for hill in HILLS:
        _paint_hill(stencil, hill, rng)


def _paint_clouds(stencil: Stencil, horizon: float, rng: np.random.Generator) -> None:
    """Heaps of cloud, lit from the upper left, flatter towards the horizon; veils above."""
    height = stencil.y / horizon
    veils = smoothstep(_fractal(stencil, 0.5, 0.045, rng), 0.5, 0.8) * smoothstep(height, 0.7, 0.1)
    stencil.lay(0.5 * veils, CLOUD_LIT)
    density = _fractal(stencil, 0.20, 0.10, rng) - 0.530 - 0.10 * np.abs(height - 0.45)
    light = _relief_light(stencil, np.maximum(density, -0.05), 0.010)
    body = smoothstep(density, 0.02, 0.22)
    tone = np.clip(0.88 + 3.2 * light - 0.55 * body, 0.0, 1.0)[..., None]
    stencil.lay(
        smoothstep(density, 0.0, 0.06) * smoothstep(height, 1.05, 0.75), CLOUD_SHADE + tone * (CLOUD_LIT - CLOUD_SHADE)
    )


def _paint_hill(stencil: Stencil, hill: Hill, rng: np.random.Generator) -> None:
    """Wooded slopes in light from the left, lost in haze at the foot."""
    x = stencil.x[:1]
    crest = hill.y + sum(a * np.sin(2.0 * np.pi * n * x + phase) for a, n, phase in hill.waves)
    woods = 0.15 * hill.grain * (stencil.noise(0.006, 0.02, rng) - 0.5)
    below = stencil.y - crest - woods
    folds = _fractal(stencil, 8.0 * hill.grain, 5.0 * hill.grain, rng)
    light = np.clip(0.5 + 7.0 * _relief_light(stencil, folds, 0.004), 0.0, 1.0)[..., None]
    haze = smoothstep(below, 0.0, 0.12)[..., None]
    color = rgb(hill.shade) + light * (rgb(hill.lit) - rgb(hill.shade))
    stencil.lay(smoothstep(below, 0.0, 0.0016), color + 0.45 * haze * (rgb("#dfe0d6") - color))


def _relief_light(stencil: Stencil, height: Map, reach: float) -> Map:
    """Difference in height between each point and the point `reach` to its upper left; positive in the light."""
    step = max(1, round(reach * stencil.canvas.scale))
    ahead = np.pad(height, ((step, 0), (step, 0)), mode="edge")[:-step, :-step]
    return height - ahead


def _fractal(stencil: Stencil, wide: float, high: float, rng: np.random.Generator) -> Map:
    """Noise of mean 0.5 in six octaves, each with half the size and strength of the previous one, and warped."""
    total, weight = np.zeros(stencil.shape, dtype=np.float32), 0.0
    for octave in range(6):
        share = 0.5**octave
        total += share * stencil.noise(wide * share, high * share, rng)
        weight += share
    return _warped(stencil, total / weight, 0.10 * high, rng)


def _warped(stencil: Stencil, values: Map, reach: float, rng: np.random.Generator) -> Map:
    """A map with randomly shifted positions, which hides the grid of its noise."""
    row, column = np.mgrid[0 : stencil.shape[0], 0 : stencil.shape[1]]
    size = 2.0 * reach * stencil.canvas.scale
    down, right = (
        size * sum(0.5**k * (stencil.noise(2.0 * reach * 0.5**k, 2.0 * reach * 0.5**k, rng) - 0.5) for k in range(3))
        for _ in (0, 1)
    )
    row = np.clip(row + down, 0, stencil.shape[0] - 1).astype(np.intp)
    return values[row, np.clip(column + right, 0, stencil.shape[1] - 1).astype(np.intp)]
