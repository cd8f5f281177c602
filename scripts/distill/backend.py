"""Keras's operations, untyped because their types are those of the backend in use, and the way back to NumPy."""

from typing import Any

import keras
import numpy as np

ops: Any = keras.ops


def to_numpy(tensor: Any) -> np.ndarray:
    """A tensor of any backend as an array."""
    return np.asarray(ops.convert_to_numpy(tensor))
