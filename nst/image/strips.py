"""Large pictures in strips of rows, so that temporary arrays stay small."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

PIXELS = 2**20  # of a strip, about


def strips(first: int, last: int, width: int) -> list[tuple[int, int]]:
    """The rows `first` to `last` (not included) of a picture, in strips of about `PIXELS`."""
    count = max(1, -(-(last - first) * width // PIXELS))
    return list(pairwise(first + (last - first) * k // count for k in range(count + 1)))


def by_strips(function: Callable[..., np.ndarray], *pictures: np.ndarray) -> np.ndarray:
    """`function(*pictures)`, where each row of the result depends on the same row of the pictures only.

    Args:
        function: from pictures `[1,h,W,C]` to one array `[1,h,W,D]`, for any h.
        pictures: `[1,H,W,C]`, all of the same height.
    """
    rows = strips(0, pictures[0].shape[1], pictures[0].shape[2])
    parts = [function(*(picture[:, first:last] for picture in pictures)) for first, last in rows]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
