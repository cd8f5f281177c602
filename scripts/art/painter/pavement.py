"""A pavement of tesserae on a canvas: stones cut to fit their neighbors, beveled and tilted, in a bed of grout."""

import numpy as np
import numpy.typing as npt

from painter.canvas import BORDER, Canvas, Floats
from painter.frame import Array, enlarge, smoothstep
from painter.tesserae import Stones

REACH = 1.28
"""Maximum extent of a stone into a gap, in half sizes."""

SQUARENESS = 6.0
"""Exponent of the distance from a stone's middle: 2 makes discs, large values squares with sharp corners."""

JOINT, BEVEL = 0.0008, 0.0022
"""Half the width of a joint, and the width of a stone's worn edge, as fractions of the long side."""

GRAIN = 0.10
"""Fine variation of the lightness of stone and grout."""

GRAIN_CELLS = 420
"""Cells of that variation along the long side."""

Owners = npt.NDArray[np.intp]


def pave(canvas: Canvas, stones: Stones, grout: Array, rng: np.random.Generator) -> None:
    """Cover the canvas with grout and the stones in it."""
    owner, first, second = _claim(canvas, stones)
    half = stones.halves.min(axis=1)[owner] * canvas.scale
    rim = np.minimum((second - first) / 2, REACH - first) * half
    joint = max(JOINT * canvas.scale, 0.3)
    cover = smoothstep(rim, joint - 0.8, joint + 0.8)
    grain = 1.0 + GRAIN * 2.0 * (_grain(canvas, rng) - 0.5)
    u, v = _inside(canvas, stones, owner)
    slope = stones.tilts[owner, 0] * u + stones.tilts[owner, 1] * v
    color = stones.colors[owner] * ((1.0 + 1.6 * slope) * grain)[..., None]
    height = 0.55 + 0.45 * smoothstep(rim, joint, joint + BEVEL * canvas.scale) + slope + 0.5 * (grain - 1.0)
    pixels = canvas.pixels.reshape(canvas.rows, canvas.columns, 4)
    pixels[..., :3] = cover[..., None] * color + (1.0 - cover[..., None]) * grout * grain[..., None]
    pixels[..., 3] = cover * height + (1.0 - cover) * (0.15 + grain - 1.0)


def _claim(canvas: Canvas, stones: Stones) -> tuple[Owners, Floats, Floats]:
    """For every canvas pixel: its nearest stone, and its distances to the nearest and the second nearest stone."""
    shape = canvas.rows, canvas.columns
    owner = np.zeros(shape, dtype=np.intp)
    first, second = np.full(shape, 9.0, dtype=np.float32), np.full(shape, 9.0, dtype=np.float32)
    places = stones.places * canvas.scale + BORDER
    halves = np.maximum(stones.halves * canvas.scale, 0.6)
    for i, ((x, y), angle, (a, b)) in enumerate(zip(places, stones.angles, halves, strict=True)):
        reach = 1.5 * REACH * max(a, b) + 1.0
        window = _window(y, reach, shape[0]), _window(x, reach, shape[1])
        rows, columns = (np.arange(part.start, part.stop, dtype=np.float32) for part in window)
        right, down = columns[None, :] - np.float32(x), rows[:, None] - np.float32(y)
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        distance = _distance((cos * right + sin * down) / np.float32(a), (cos * down - sin * right) / np.float32(b))
        nearest = first[window]
        closer = distance < nearest
        second[window] = np.where(closer, nearest, np.minimum(second[window], distance))
        owner[window] = np.where(closer, i, owner[window])
        first[window] = np.where(closer, distance, nearest)
    return owner, first, second


def _distance(u: npt.NDArray[np.floating], v: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Distance from the center of a stone in half sizes: 1 on the sides of a square with rounded corners."""
    u, v = u * u, v * v
    return np.maximum(u * u * u + v * v * v, np.float32(1e-12)) ** np.float32(1.0 / SQUARENESS)


def _window(middle: float, reach: float, end: int) -> slice:
    low = min(max(int(middle - reach), 0), end - 1)
    return slice(low, max(low + 1, min(int(middle + reach) + 1, end)))


def _inside(canvas: Canvas, stones: Stones, owner: Owners) -> tuple[Array, Array]:
    """Place of every canvas pixel within its stone, in half sizes right and down."""
    row, column = np.mgrid[0 : canvas.rows, 0 : canvas.columns]
    place, half = stones.places[owner] * canvas.scale + BORDER, stones.halves[owner].max(axis=-1) * canvas.scale
    return tuple(np.clip((pixel - place[..., i]) / half, -1.0, 1.0) for i, pixel in enumerate((column, row)))


def _grain(canvas: Canvas, rng: np.random.Generator) -> Array:
    """Fine noise of mean 0.5 over the whole canvas, the same pattern at every size."""
    rows = max(1, round(GRAIN_CELLS * canvas.rows / canvas.columns))
    return np.clip(enlarge(rng.random((rows, GRAIN_CELLS)), canvas.rows, canvas.columns), 0.0, 1.0)
