"""Read VGG weights from Keras files, by layer name; a file with other layers or shapes is an error."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from nst.errors import InputError
from nst.layers import LAYERS, begins_block, block_of

WIDTHS = (64, 128, 256, 512, 512)  # channels of VGG19's five blocks
MEAN = (103.939, 116.779, 123.68)  # mean of the input over ImageNet: blue, green, red, 0..255


def read_keras(path: Path, layers: Sequence[str] = LAYERS) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return `{layer: (kernel [3,3,in,out], bias [out])}`, float32, of the VGG layers that a Keras file holds.

    Args:
        path: the official `.h5`, a `.weights.h5` or a `.keras` file.
        layers: the names of the network's layers.

    Raises:
        InputError: the file is broken, has no VGG layer, a layer beyond `layers`, a wrong shape or a value not finite.
    """
    try:
        with _open(path) as file:
            found = _convolutions(file)
    except (OSError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
        raise InputError(f"extractor.weights: {path} is not a Keras weights file, or it is broken") from error
    if not found:
        raise InputError(f"extractor.weights: {path} holds no layer named like VGG19's ({LAYERS[0]} ... {LAYERS[-1]})")
    if beyond := [layer for layer in found if layer not in layers]:
        raise InputError(f"extractor.weights: {path} belongs to another network: it has {beyond[0]}")
    for layer, (kernel, bias) in found.items():
        _check_shape(path, layer, kernel, bias)
    return found


def _open(path: Path) -> h5py.File:
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            return h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r")
    return h5py.File(path, "r")


def _convolutions(file: h5py.File) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return every group that holds one kernel and one bias, by the layer's name.

    The old layout names each group after its layer. Keras 3 numbers the groups and stores the name as an attribute.
    """
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def visit(path: str, node: Any) -> None:
        if not isinstance(node, h5py.Group):
            return
        arrays = [item for item in node.values() if isinstance(item, h5py.Dataset)]
        name = str(node.attrs.get("name", path.partition("/")[0]))
        if name in LAYERS and sorted(array.ndim for array in arrays) == [1, 4]:
            bias, kernel = (np.asarray(array, np.float32) for array in sorted(arrays, key=lambda a: a.ndim))
            found[name] = (kernel, bias)

    file.visititems(visit)
    return found


def _check_shape(path: Path, layer: str, kernel: np.ndarray, bias: np.ndarray) -> None:
    block = block_of(layer) - 1
    inputs = 3 if layer == LAYERS[0] else WIDTHS[block - 1] if begins_block(layer) else WIDTHS[block]
    wanted = (3, 3, inputs, WIDTHS[block])
    if kernel.shape != wanted or bias.shape != wanted[3:]:
        raise InputError(f"extractor.weights: {layer} in {path} is {kernel.shape}, not VGG19's {wanted}")
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise InputError(f"extractor.weights: {layer} in {path} holds values that are not finite")
