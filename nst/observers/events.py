"""Reads and writes TensorBoard's event files, without TensorFlow: TensorBoard's own modules are enough."""

import io
import os
import socket
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from nst.runtime.regular import open_regular

FILES = "events.out.tfevents"  # begin of the names of event files
MOST_BYTES = 2**36
MOST_RECORD = 2**26  # a picture of at most 1024 pixels is smaller


def pictures(files: Sequence[Path], tag: str, last: int) -> Iterator[tuple[int, bytes]]:
    """(step, serialized Summary) of the pictures under `tag` up to the step `last`, each step once, in order.

    An incomplete end of a file, left by a killed process, is ignored, and so is everything after damage.
    """
    found: dict[int, bytes] = {}
    for file in files:
        for event in _events(file):
            values = [value for value in event.summary.value if value.tag == tag]
            if values and event.step <= last:
                found[event.step] = Summary(value=values).SerializeToString()
    yield from sorted(found.items())


def scalars(values: Iterable[tuple[str, Any]]) -> bytes:
    """A serialized Summary of scalars, given as (tag, number)."""
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb

    return Summary(
        value=[value for tag, number in values for value in scalar_pb(tag, float(number)).value]
    ).SerializeToString()


def picture_file(tag: str, png: bytes, size: tuple[int, int]) -> tuple[str, bytes]:
    """The name and the content of an event file with a single picture of `size` (width, height)."""
    now, file = time.time(), io.BytesIO()
    value = Summary.Value(tag=tag, image=Summary.Image(encoded_image_string=png, width=size[0], height=size[1]))
    writer = RecordWriter(file)
    writer.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())
    writer.write(Event(wall_time=now, summary=Summary(value=[value])).SerializeToString())
    return f"{FILES}.{now:.6f}.{socket.gethostname()}", file.getvalue()


def _events(file: Path) -> Iterator[Any]:
    """The events of a file, up to the first that is incomplete or damaged."""
    try:
        for raw in _records(file):
            yield Event.FromString(raw)
    except (OSError, DecodeError):
        return


def _records(file: Path) -> Iterator[bytes]:
    """The records of TensorFlow's TFRecord format: length, its checksum, data, its checksum.

    TensorFlow's own reader reserves the memory that a record declares, whatever the size of the file.
    """
    with open_regular(file, MOST_BYTES, follow=False) as opened:
        left = os.fstat(opened.fileno()).st_size
        while len(head := opened.read(12)) == 12:
            (length,) = struct.unpack("<Q", head[:8])
            left -= length + 16
            if left < 0 or length > MOST_RECORD:
                return
            yield opened.read(length)
            opened.seek(4, os.SEEK_CUR)
