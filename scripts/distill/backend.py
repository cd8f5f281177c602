"""Keras operations, untyped because tensor types depend on the backend, and conversion to NumPy."""

from typing import Any

import keras
import numpy as np

ops: Any = keras.ops


def to_numpy(tensor: Any) -> np.ndarray:
    """Convert a tensor of any backend to an array."""
    return np.asarray(ops.convert_to_numpy(tensor))
