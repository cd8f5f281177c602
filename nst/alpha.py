"""Where a picture is transparent: what a file says of it, carried through to the result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps


def alpha(path: Path, height: int, width: int) -> np.ndarray | None:
    """`[height,width]` float32, 0 where the picture in the file is clear to 1; None where it hides nothing.

    The file is one that `nst.image.read` has read.
    """
    with Image.open(path) as file:
        if not file.has_transparency_data:
            return None
        clear = file.info.get("transparency") if file.mode.startswith("I") else None
        if clear is not None:  # 16 bits of gray, one of whose levels is clear
            levels = Image.fromarray(np.where(np.asarray(file) == clear, 0, 255).astype(np.uint8))
        else:
            levels = ImageOps.exif_transpose(file).convert("RGBA").getchannel("A")
    if levels.getextrema()[0] == 255:
        return None
    resized = levels.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return np.asarray(resized, np.float32) / np.float32(255)
