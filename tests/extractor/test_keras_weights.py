"""Hostile files of weights: their sizes are checked before anything is read or unpacked."""

import os
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from nst.errors import InputError
from nst.extractor.keras_weights import INSIDE, read_keras

KERNEL, BIAS = (3, 3, 3, 64), (64,)
MIB = 300  # more memory than any refusal needs
HUGE = 300_000


def layer(file: h5py.File) -> h5py.Group:
    return file.create_group("block1_conv1")


def write_sound(path: Path) -> None:
    with h5py.File(path, "w") as file:
        group = layer(file)
        group.create_dataset("kernel", data=np.ones(KERNEL, np.float32))
        group.create_dataset("bias", data=np.ones(BIAS, np.float32))


def declares_terabytes(path: Path) -> None:
    """2.95 TiB of float32 in a file of a few kilobytes."""
    with h5py.File(path, "w") as file:
        group = layer(file)
        group.create_dataset("kernel", (3, 3, HUGE, HUGE), np.float32, chunks=(1, 1, 64, 64))
        group.create_dataset("bias", (HUGE,), np.float32)


def declares_a_bias_of_terabytes(path: Path) -> None:
    with h5py.File(path, "w") as file:
        group = layer(file)
        group.create_dataset("kernel", data=np.ones(KERNEL, np.float32))
        group.create_dataset("bias", (HUGE**2,), np.float32, chunks=(64,))


def compressed(path: Path) -> None:
    with h5py.File(path, "w") as file:
        group = layer(file)
        group.create_dataset("kernel", KERNEL, np.float32, chunks=KERNEL, compression="gzip")
        group.create_dataset("bias", data=np.ones(BIAS, np.float32))


def values_elsewhere(path: Path) -> None:
    """The values are those of another file, which never ends."""
    with h5py.File(path, "w") as file:
        group = layer(file)
        size = 4 * int(np.prod(KERNEL))
        group.create_dataset("kernel", KERNEL, np.float32, external=[("/dev/zero", 0, size)])
        group.create_dataset("bias", data=np.ones(BIAS, np.float32))


def virtual(path: Path) -> None:
    with h5py.File(path, "w") as file:
        group = layer(file)
        layout = h5py.VirtualLayout(KERNEL, np.float32)
        layout[:] = h5py.VirtualSource("/dev/zero", "kernel", KERNEL)
        group.create_virtual_dataset("kernel", layout)
        group.create_dataset("bias", data=np.ones(BIAS, np.float32))


def links_elsewhere(path: Path) -> None:
    """The arrays are links to a pipe; to open it waits for a writer that never comes."""
    os.mkfifo(path.with_name("pipe"))
    with h5py.File(path, "w") as file:
        group = layer(file)
        for name in ("kernel", "bias"):
            group[name] = h5py.ExternalLink(str(path.with_name("pipe")), name)


def objects(path: Path) -> None:
    with h5py.File(path, "w") as file:
        group = layer(file)
        group.create_dataset("kernel", KERNEL, h5py.string_dtype())
        group.create_dataset("bias", data=np.ones(BIAS, np.float32))


def long_name(path: Path) -> None:
    with h5py.File(path, "w") as file:
        group = file.create_group("layers")
        group.attrs.create("name", np.zeros(7000, "S8"))
        group.create_dataset("kernel", data=np.ones(KERNEL, np.float32))
        group.create_dataset("bias", data=np.ones(BIAS, np.float32))


def archive_bomb(path: Path) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(INSIDE, "w", force_zip64=True) as out,
    ):
        for _ in range(17):
            out.write(bytes(2**26))


HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "terabytes.h5": (declares_terabytes, r"block1_conv1 is \(3, 3, 300000, 300000\), not VGG19's \(3, 3, 3, 64\)"),
    "bias.h5": (declares_a_bias_of_terabytes, "block1_conv1 .* not VGG19's"),
    "compressed.h5": (compressed, "must hold plain floats, neither compressed nor in another file"),
    "elsewhere.h5": (values_elsewhere, "must hold plain floats"),
    "virtual.h5": (virtual, "must hold plain floats"),
    "links.h5": (links_elsewhere, "holds no layer"),
    "objects.h5": (objects, "must hold plain floats"),
    "name.h5": (long_name, "holds no layer"),
    "bomb.keras": (archive_bomb, "model.weights.h5 has 1088 MiB; at most 1024 are read"),
}


def peak() -> float:
    """The peak memory of this process, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_before_it_is_read(tmp_path: Path, name: str) -> None:
    make, message = HOSTILE[name]
    make(tmp_path / name)
    before = peak()
    with pytest.raises(InputError, match=message) as caught:
        read_keras(tmp_path / name)
    assert str(caught.value).startswith(f"extractor.weights: {tmp_path / name}")
    assert str(caught.value).isprintable()
    assert peak() < before + MIB


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.h5")
    kernel, bias = read_keras(tmp_path / "a.h5")["block1_conv1"]
    assert (kernel.shape, bias.shape, kernel.dtype) == (KERNEL, BIAS, np.float32)


@pytest.mark.timeout(120)
def test_damaged_files_are_refused_or_read(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.h5")
    data, rng, path = (tmp_path / "a.h5").read_bytes(), np.random.default_rng(3), tmp_path / "b.h5"
    before = peak()
    for _ in range(300):
        damaged = bytearray(data)
        for at in rng.integers(0, 4096 if rng.random() < 0.9 else len(data), rng.integers(1, 8)):
            damaged[at % len(data)] = rng.choice(np.array([0, 1, 127, 255, rng.integers(256)]))
        path.write_bytes(damaged)
        try:
            read_keras(path)
        except InputError as error:
            assert str(error).isprintable()
    assert peak() < before + MIB
