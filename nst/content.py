"""The content picture of a run, as a config names it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Content:
    """The picture that provides the content.

    Args:
        image: a catalogue name, a path, or an https address.
        mask: a gray picture: the style goes where it is white, the content stays where it is black. None: everywhere.
    """

    image: str
    mask: str | None = None
