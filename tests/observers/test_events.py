"""Event files that were damaged: the pictures before the damage are read, and no declared size takes memory."""

import os
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from nst.observers import events

STEPS = 5


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An event file with pictures."""
    import tensorflow as tf

    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default():
        for step in range(STEPS):
            tf.summary.image("image/current", tf.fill([1, 8, 8, 3], step / STEPS), step=step)
    writer.close()
    (path,) = tmp_path.iterdir()
    return path


def steps(*files: Path) -> list[int]:
    return [step for step, _ in events.pictures(files, "image/current", STEPS)]


def test_the_pictures_of_a_whole_file_are_read(file: Path) -> None:
    assert steps(file) == list(range(STEPS))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[: len(data) // 2] + struct.pack("<QI", 2**42, 0) * 2,
        lambda data: struct.pack("<Q", 2**63) + data[8:],
        lambda data: data[:300] + data[309:],
        lambda data: b"",
        lambda data: bytes(range(256)) * 20,
    ],
)
def test_a_damaged_file_gives_the_pictures_before_the_damage(file: Path, damage: Callable[[bytes], bytes]) -> None:
    file.write_bytes(damage(file.read_bytes()))
    tracemalloc.start()
    found = steps(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == list(range(len(found)))
    assert len(found) < STEPS
    assert peak < 2**24


def test_links_pipes_and_folders_are_not_read(file: Path) -> None:
    link, pipe, folder = (file.with_name(name) for name in ("link", "pipe", "folder"))
    link.symlink_to(file)
    os.mkfifo(pipe)
    folder.mkdir()
    assert steps(link, pipe, folder) == []
