"""Files of arrays are checked before data is read: no declared size takes memory."""

import io
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from nst.runner import arrays
from nst.runner.arrays import Spec
from tests.attacks.test_run_folders import bomb

FLOAT = np.dtype(np.float32)


def member(shape: tuple[int, ...], data: bytes = b"", descr: str = "<f4") -> bytes:
    """The bytes of an array that declares `shape`."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": descr, "fortran_order": False, "shape": shape})
    return head.getvalue() + data


def archive(content: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        file.writestr("image.npy", content)
    return out.getvalue()


def read(path: Path, wanted: Spec) -> np.ndarray:
    with arrays.opened(path) as file:
        return file.read("image", wanted)


def test_arrays_are_read_as_numpy_does(tmp_path: Path, rng: np.random.Generator) -> None:
    data = {"image": rng.uniform(size=(1, 4, 5, 3)).astype(np.float32), "text": np.array("größe")}
    np.savez(tmp_path / "file.npz", allow_pickle=False, **data)
    np.testing.assert_array_equal(read(tmp_path / "file.npz", Spec((1, 4, 5, 3), FLOAT)), data["image"])
    with arrays.opened(tmp_path / "file.npz") as file:
        assert file.text("text", 10) == "größe"
        with pytest.raises(ValueError, match="very long"):
            file.text("text", 4)


@pytest.mark.parametrize(
    "content",
    [
        bomb(),
        archive(member((2**28,), bytes(2**26)), zipfile.ZIP_DEFLATED),
        archive(member((2**40,))),
        archive(member((2**62, 2**62))),
        archive(member((-1,))),
        archive(member((2**28,), bytes(64))),
        archive(member((1,), bytes(2**20))),
        archive(member((1,), bytes(8), "|O")),
        archive(b"\x93NUMPY\x02\x00" + (2**31).to_bytes(4, "little")),
        archive(b"\x93NUMPY\x01\x00" + (2**16 - 1).to_bytes(2, "little") + b"(" * 60_000),
        archive(b""),
        b"PK",
    ],
)
def test_a_file_that_declares_more_than_it_has_takes_no_memory(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file.npz"
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises((ValueError, OSError, KeyError, SyntaxError, RecursionError, MemoryError, zipfile.BadZipFile)):
        read(path, Spec((2**28,), FLOAT))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**23


def test_an_array_of_another_shape_or_type_or_checksum_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.npz"
    np.savez(path, image=np.zeros((2, 3), np.float32))
    for wanted in (Spec((3, 2), FLOAT), Spec((2, 3), np.dtype(np.int32))):
        with pytest.raises(ValueError, match="another shape or type"):
            read(path, wanted)
    data = path.read_bytes()
    place = data.index(b"}", data.index(b"NUMPY")) + 80
    path.write_bytes(data[:place] + b"\1" + data[place + 1 :])
    with pytest.raises((zipfile.BadZipFile, zlib.error)):
        read(path, Spec((2, 3), FLOAT))


def test_a_text_with_a_number_that_is_no_letter_is_refused(tmp_path: Path) -> None:
    letters = np.array([0x110000], "<u4").view("<U1").reshape(())
    np.savez(tmp_path / "a.npz", header=letters)
    with arrays.opened(tmp_path / "a.npz") as file, pytest.raises(ValueError, match="utf-32"):
        file.text("header", 10)
