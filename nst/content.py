"""The picture whose content is kept."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Content:
    """Which picture.

    Args:
        image: a catalogue name, a path, or an https address.
        mask: a gray picture of where the style goes; where it is black the content stays as it is. None is everywhere.
    """

    image: str
    mask: str | None = None
