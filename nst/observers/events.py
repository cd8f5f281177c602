"""Reads and writes TensorBoard's event files, without TensorFlow: TensorBoard's own modules are enough."""

import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def pictures(files: Sequence[Path], tag: str, last: int) -> Iterator[tuple[int, bytes]]:
    """(step, serialized Summary) of the pictures under `tag` up to the step `last`, each step once, in order.

    An incomplete end of a file, left by a killed process, is ignored.
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


def write_picture(folder: Path, tag: str, png: bytes, size: tuple[int, int]) -> None:
    """Replace the event files in `folder` by one with a single picture of `size` (width, height)."""
    folder.mkdir(parents=True, exist_ok=True)
    before = list(folder.glob("events.out.tfevents.*"))
    now = time.time()
    path = folder / f"events.out.tfevents.{now:.6f}.{socket.gethostname()}"
    value = Summary.Value(tag=tag, image=Summary.Image(encoded_image_string=png, width=size[0], height=size[1]))
    with path.open("wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())
        writer.write(Event(wall_time=now, summary=Summary(value=[value])).SerializeToString())
    for old in before:
        old.unlink()


def _events(file: Path) -> Iterator[Any]:
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

    for raw in RawEventFileLoader(str(file)).Load():
        yield Event.FromString(raw)
