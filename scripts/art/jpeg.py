"""JPEGs that fit into so many bytes."""

import io
from typing import Any

from PIL import Image, ImageFile

QUALITIES = range(95, 20, -1)
"""Tried from the best down."""


def encode(picture: Image.Image, max_bytes: int, **options: Any) -> bytes:
    """The picture as a JPEG at the best quality that fits into `max_bytes`.

    Raises:
        ValueError: none fits.
    """
    # With `optimize` libjpeg needs room for the whole file, and fine texture outgrows what Pillow grants it.
    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 3 * picture.width * picture.height)
    for quality in QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True, **options)
        if buffer.tell() <= max_bytes:
            return buffer.getvalue()
    raise ValueError(f"a picture of {picture.width}x{picture.height} does not fit into {max_bytes} bytes")
