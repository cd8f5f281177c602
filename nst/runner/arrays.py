"""Read the arrays of a file of `numpy.savez` that anybody may have changed: sizes are checked before data is read.

The arrays of such a file are not compressed. So none can be larger than the file, and a small file cannot take memory.
"""

import math
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from nst.runtime.regular import open_regular

MOST_BYTES = 2**36
MOST_ARRAYS = 10_000
SUFFIX = ".npy"


class Spec(NamedTuple):
    """Shape and type that an array must have."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class Arrays(Mapping[str, Spec]):
    """The arrays of an open file, by name: their declared shapes and types. `read` reads one."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file)
        members = self._zip.infolist()
        size = os.fstat(file.fileno()).st_size
        stored = all(m.compress_type == zipfile.ZIP_STORED and m.compress_size == m.file_size for m in members)
        if not stored or len(members) > MOST_ARRAYS or sum(member.file_size for member in members) > size:
            raise ValueError("it declares more data than it has")
        self._members = {member.filename.removesuffix(SUFFIX): member for member in members}

    def __getitem__(self, name: str) -> Spec:
        """The declared shape and type of an array; ValueError unless they agree with the size of its data."""
        member = self._members[name]
        with self._zip.open(member) as data:
            spec = _header(data)
            if math.prod(spec.shape) * spec.dtype.itemsize != member.file_size - data.tell():
                raise ValueError(f"{name} declares another size than it has")
        return spec

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def read(self, name: str, wanted: Spec) -> np.ndarray:
        """The array `name`; ValueError if its shape or type is not `wanted`."""
        if self[name] != wanted:
            raise ValueError(f"{name} has another shape or type than in this run")
        with self._zip.open(self._members[name]) as data:
            return np.lib.format.read_array(data, allow_pickle=False)

    def text(self, name: str, most: int) -> str:
        """The text `name`, an array of one string of at most `most` characters."""
        spec = self[name]
        if spec.shape or spec.dtype.kind != "U" or spec.dtype.itemsize > 4 * most:
            raise ValueError(f"{name} is not a text, or a very long one")
        letters = self.read(name, spec).astype(spec.dtype.newbyteorder("<"))
        return letters.tobytes().decode("utf-32-le").rstrip("\0")  # `str` fails with SystemError if one is no letter


def _header(data: Any) -> Spec:
    version = np.lib.format.read_magic(data)
    if version != (1, 0):  # the version of every array with a short header
        raise ValueError(f"an array has version {version}")
    try:
        shape, _, dtype = np.lib.format.read_array_header_1_0(data)
    except Exception as error:  # numpy tokenizes the text, and any of the tokenizer's errors may leave it
        raise ValueError("the header of an array is broken") from error
    if dtype.hasobject:
        raise ValueError("an array holds objects")
    return Spec(shape, dtype)


@contextmanager
def opened(path: Path) -> Iterator[Arrays]:
    """Open the arrays of `path`, a regular file and no link.

    Raises:
        OSError, ValueError, zipfile.BadZipFile: it is missing, or is not a file of `numpy.savez`.
    """
    with open_regular(path, MOST_BYTES, follow=False) as file:
        yield Arrays(file)
