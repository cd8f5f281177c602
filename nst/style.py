"""The pictures whose style is taken: a list everywhere, one style is a list of one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nst.errors import check_name, check_number
from nst.image import check_short_side, fit, resize

ASPECTS = ("own", "content")


@dataclass(frozen=True)
class Part:
    """How a style takes part.

    Args:
        weight: its share among several, above 0.
        scale: its long side as a multiple of the content's, above 0; larger makes the strokes larger.
        aspect: `own` keeps its aspect ratio, `content` stretches it to the content's, as several peers do.
    """

    weight: float = field(default=1.0, kw_only=True)
    scale: float = field(default=1.0, kw_only=True)
    aspect: str = field(default="own", kw_only=True)

    def __post_init__(self) -> None:
        check_number("style.weight", self.weight, above=0)
        check_number("style.scale", self.scale, above=0)
        check_name("style.aspect", self.aspect, ASPECTS)


@dataclass(frozen=True)
class Style(Part):
    """A picture to take the style from: `[1,h,w,3]` float32, RGB 0..1, any size."""

    picture: np.ndarray

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) beside a content of `height` x `width`.

        Raises:
            InputError: too small for the network.
        """
        shape = self.picture.shape[1:3] if self.aspect == "own" else (height, width)
        size = fit(shape, round(self.scale * max(height, width)))
        check_short_side(f"style.scale {self.scale:g}: the style beside a content of {width}x{height}", *size)
        return size

    def at(self, height: int, width: int) -> np.ndarray:
        """The picture at that size."""
        return resize(self.picture, *self.size(height, width))


@dataclass(frozen=True)
class Source(Part):
    """A style that is not read yet: a catalogue name, a path, or an https address."""

    image: str

    def style(self, picture: np.ndarray) -> Style:
        """The style, now that its picture is read."""
        return Style(picture, weight=self.weight, scale=self.scale, aspect=self.aspect)


def single(image: str, scale: float = 1.4, aspect: str = "own") -> list[Source]:
    """One style; the arguments are `Source`'s and `Part`'s."""
    return [Source(image, scale=scale, aspect=aspect)]
