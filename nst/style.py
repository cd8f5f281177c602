"""The pictures whose style is taken: a list everywhere, one style is a list of one."""

from __future__ import annotations

from dataclasses import dataclass

from nst.errors import check_name, check_number

ASPECTS = ("own", "content")


def check(weight: object, scale: object, aspect: object) -> None:
    """Raise InputError unless a style can take part like this."""
    check_number("style.weight", weight, above=0)
    check_number("style.scale", scale, above=0)
    check_name("style.aspect", aspect, ASPECTS)


@dataclass(frozen=True)
class Source:
    """Which picture, and how it takes part; `nst.Style` says what the numbers mean."""

    image: str
    weight: float
    scale: float
    aspect: str

    def __post_init__(self) -> None:
        check(self.weight, self.scale, self.aspect)


def single(image: str, scale: float = 1.4, aspect: str = "own") -> list[Source]:
    """One style.

    Args:
        image: a catalogue name, a path, or an https address.
        scale: long side as a multiple of the content's.
        aspect: `own`, or `content` to stretch it to the content's.
    """
    return [Source(image, 1.0, scale, aspect)]
