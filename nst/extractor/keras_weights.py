"""Read VGG weights from Keras files, by layer name; a file with other layers or shapes is an error."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from nst.errors import InputError
from nst.layers import LAYERS, begins_block, block_of
from nst.runtime.regular import MOST_BYTES, open_input

WIDTHS = (64, 128, 256, 512, 512)  # channels of VGG19's five blocks
INSIDE = "model.weights.h5"  # in a .keras file
LONGEST_NAME = 256  # bytes
MEAN = (103.939, 116.779, 123.68)  # mean of the input over ImageNet: blue, green, red, 0..255


def read_keras(path: Path, layers: Sequence[str] = LAYERS) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return `{layer: (kernel [3,3,in,out], bias [out])}`, float32, of the VGG layers that a Keras file holds.

    Args:
        path: the official `.h5`, a `.weights.h5` or a `.keras` file.
        layers: the names of the network's layers.

    Raises:
        InputError: the file is broken or too large, has no VGG layer, a layer beyond `layers`, a wrong shape or a value
            not finite.
    """
    name = f"extractor.weights: {path}"
    try:
        with open_input(path, name) as opened, _open(path, opened, name) as file:
            found = {layer: _values(f"{name}: {layer}", *arrays) for layer, arrays in _convolutions(file, name).items()}
    except InputError:
        raise
    except Exception as error:  # h5py raises many types for broken files
        raise InputError(f"{name} is not a Keras weights file, or it is broken") from error
    if not found:
        raise InputError(f"{name} holds no layer named like VGG19's ({LAYERS[0]} ... {LAYERS[-1]})")
    if beyond := [layer for layer in found if layer not in layers]:
        raise InputError(f"{name} belongs to another network: it has {beyond[0]}")
    return found


def _open(path: Path, file: BinaryIO, name: str) -> h5py.File:
    if path.suffix != ".keras":
        return h5py.File(file, "r")
    with zipfile.ZipFile(file) as archive:
        if (size := archive.getinfo(INSIDE).file_size) > MOST_BYTES:
            raise InputError(f"{name}: {INSIDE} has {size / 2**20:.0f} MiB; at most {MOST_BYTES / 2**20:.0f} are read")
        return h5py.File(io.BytesIO(archive.read(INSIDE)), "r")  # reads no more than the checked size


def _convolutions(file: h5py.File, of: str) -> dict[str, tuple[h5py.Dataset, h5py.Dataset]]:
    """Return (kernel, bias) of every group that holds one each, by the layer's name; shapes checked, not read.

    The old layout names each group after its layer. Keras 3 numbers the groups and stores the name as an attribute.
    """
    found: dict[str, tuple[h5py.Dataset, h5py.Dataset]] = {}

    def visit(path: str, node: Any) -> None:
        if not isinstance(node, h5py.Group):
            return
        arrays = [item for key in map(str, node) if isinstance(item := _inside(node, key), h5py.Dataset)]
        name = _name(node) or path.partition("/")[0]
        if name in LAYERS and sorted(array.ndim for array in arrays) == [1, 4]:
            bias, kernel = sorted(arrays, key=lambda array: array.ndim)
            _check_shape(f"{of}: {name}", name, kernel, bias)
            found[name] = kernel, bias

    file.visititems(visit)
    return found


def _name(group: h5py.Group) -> str:
    """The attribute `name` of a group; empty if it has none, or one too long for the name of a layer."""
    short = "name" in group.attrs and group.attrs.get_id("name").get_storage_size() <= LONGEST_NAME
    return str(group.attrs["name"]) if short else ""


def _inside(group: h5py.Group, key: str) -> Any:
    """The member `key` of a group; None if it is a link, which may lead to any other file."""
    return group[key] if isinstance(group.get(key, getlink=True), h5py.HardLink) else None


def _check_shape(name: str, layer: str, kernel: h5py.Dataset, bias: h5py.Dataset) -> None:
    """Raise InputError unless both arrays have VGG19's shapes, and their values are in the file as they are in memory.

    Compressed values could fill any amount of memory; external values could come from any other file.
    """
    block = block_of(layer) - 1
    inputs = 3 if layer == LAYERS[0] else WIDTHS[block - 1] if begins_block(layer) else WIDTHS[block]
    wanted = (3, 3, inputs, WIDTHS[block])
    if kernel.shape != wanted or bias.shape != wanted[3:]:
        raise InputError(f"{name} is {kernel.shape}, not VGG19's {wanted}")
    for array in (kernel, bias):
        if array.dtype.kind != "f" or array.external or array.is_virtual or array.id.get_create_plist().get_nfilters():
            raise InputError(f"{name} must hold plain floats, neither compressed nor in another file")


def _values(name: str, kernel: h5py.Dataset, bias: h5py.Dataset) -> tuple[np.ndarray, np.ndarray]:
    arrays = np.asarray(kernel, np.float32), np.asarray(bias, np.float32)
    if not all(np.isfinite(array).all() for array in arrays):
        raise InputError(f"{name} holds values that are not finite")
    return arrays
