"""JPEG files of a limited size."""

import io
from typing import Any

from PIL import Image, ImageFile

QUALITIES = range(95, 20, -1)
"""JPEG qualities to try, best first."""


def encode(picture: Image.Image, max_bytes: int, **options: Any) -> bytes:
    """Encode a picture as JPEG, at the best quality that fits into `max_bytes`.

    Raises:
        ValueError: no quality fits.
    """
    # `optimize` needs a buffer for the whole file; for fine texture, the default buffer of Pillow is too small.
    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 3 * picture.width * picture.height)
    for quality in QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True, **options)
        if buffer.tell() <= max_bytes:
            return buffer.getvalue()
    raise ValueError(f"a picture of {picture.width}x{picture.height} does not fit into {max_bytes} bytes")
