"""Figures of a mosaic: closed outlines set in rows from their edge inwards, each row in its own tone."""

from collections.abc import Sequence

import numpy as np

from painter.curve import normals, ribbon
from painter.frame import Array
from painter.outline_maps import depth
from painter.palette import Ramp
from painter.tesserae import Opus, Setting


def inlay(
    setting: Setting, outline: Array, ramp: Ramp, bands: Sequence[float], size: float, glints: float = 0.0
) -> Array:
    """Set a closed outline; `bands` are the tones of its rows from the edge inwards; the last one repeats."""
    inner = depth(setting.frame, outline)
    setting.lay(Opus(inner > 0.0, inner, ramp, banded(inner, bands, size), size, glints=glints))
    return outline


def thread(setting: Setting, line: Array, ramp: Ramp, tones: Sequence[float], size: float) -> Array:
    """Set rows side by side along an open line [n,2], one per tone; return the outline of their band."""
    outline = ribbon(line, len(tones) * size / 2)
    mask = depth(setting.frame, outline) > 0.0
    for number, tone in enumerate(tones):
        shifted = line + (number + 0.5 - len(tones) / 2) * size * normals(line)
        setting.lay_line(shifted, Opus(mask, setting.frame.x, ramp, tone, size))
    setting.free &= ~mask
    return outline


def banded(rows: Array, bands: Sequence[float], size: float) -> Array:
    """Tones [h,w] that change from row to row of a map; the last of `bands` repeats."""
    number = np.clip(np.floor(rows / size), 0, len(bands) - 1).astype(int)
    return np.asarray(bands)[number]
