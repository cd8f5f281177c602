"""The picture whose content is kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Content:
    """Which picture.

    Args:
        image: a catalogue name, a path, or an https address.
    """

    image: str
