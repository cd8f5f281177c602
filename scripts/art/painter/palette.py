"""Colors as RGB arrays in 0..1, and ramps that turn a tone into a color."""

from dataclasses import dataclass

import numpy as np

from painter.frame import Array


def rgb(code: str) -> Array:
    """RGB [3] in 0..1 of a color written as "#rrggbb"."""
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0


@dataclass(frozen=True)
class Ramp:
    """Colors spread evenly over the tones 0..1, dark to light or from the center outwards."""

    stops: Array

    @classmethod
    def of(cls, *codes: str) -> "Ramp":
        """Ramp through colors written as "#rrggbb"."""
        return cls(np.stack([rgb(code) for code in codes]))

    def __call__(self, tones: Array) -> Array:
        """Colors [...,3] of `tones` [...]; tones beyond 0..1 take the end colors."""
        places = np.linspace(0.0, 1.0, len(self.stops))
        channels = [np.interp(tones, places, self.stops[:, channel]) for channel in range(3)]
        return np.stack(channels, axis=-1)
