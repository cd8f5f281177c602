"""Save the state of a run in a file and load it: a stopped run resumes at any step and ends with the same pixels.

`checkpoint.npz` holds the last iterate (picture, loss, gradient, optimizer state) and, as JSON, the run's identity.
There is no random state to save: only the first picture depends on the seed.
"""

from __future__ import annotations

import json
import logging
import math
import os
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nst import bounded
from nst.errors import check_number
from nst.observers.contract import Observer, RunContext
from nst.runner import arrays
from nst.runtime import own_files
from nst.runtime.atomic import atomic
from nst.state import Iterate, Level, LevelState, Point, Progress, Terms

if TYPE_CHECKING:  # it imports TensorFlow
    from nst.optimizer.contract import Optimizer

log = logging.getLogger(__name__)

FILE = "checkpoint.npz"
SHARE = 0.02  # upper bound of the time share spent on writing
# Parts of the provenance that pixels depend on, in addition to the run's identity.
ORIGIN = ("versions", "device", "threads")
BROKEN = (
    *(OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError, OverflowError),
    *(RuntimeError, SyntaxError, zlib.error, struct.error, zipfile.BadZipFile),
)
LONGEST = 2**20  # characters of the header
FLOAT = np.dtype(np.float32)


class Checkpoint(Observer):
    """An observer that writes checkpoints.

    Args:
        every: seconds between checkpoints, above 0; longer if writing is slow. None writes only on `save`.
        identity: identity of the run.
        provenance: provenance of the run.
        tiles: side of the run's tiles; None if it has none.
        clock: a monotonic clock, in seconds.

    Raises:
        InputError: `every` is not above 0.
    """

    def __init__(
        self,
        every: float | None,
        identity: str,
        provenance: Mapping[str, Any],
        tiles: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if every is not None:
            check_number("checkpoint", every, above=0)
        self.every = every
        self._about = {"identity": identity, "tiles": tiles, "origin": {key: provenance[key] for key in ORIGIN}}
        self._clock = clock
        self.began = False
        """Whether there has been a step."""
        self._latest: Iterate | None = None

    def open(self, run: RunContext) -> None:
        """Schedule the first checkpoint."""
        self._path = run.folder / FILE
        self._due = self._clock() + (self.every or 0)

    def __call__(self, iterate: Iterate) -> None:
        """Save the iterate if a checkpoint is due."""
        self._latest, self.began = iterate, True
        if self.every is None or self._clock() < self._due:
            return
        began = self._clock()
        self.save()
        now = self._clock()
        self._due = now + max(self.every, (now - began) / SHARE)

    def save(self) -> None:
        """Save the latest iterate; a failed write is only logged."""
        if self._latest is None:
            return
        try:
            save(self._path, self._latest, self._about)
        except OSError as error:
            log.warning("%s cannot be written (%s)", self._path, error.strerror)

    def forget(self) -> None:
        """Release the latest iterate, whose optimizer state takes much memory."""
        self._latest = None


def save(path: Path, iterate: Iterate, about: Mapping[str, Any]) -> None:
    """Write `iterate` and `about`, which must be JSON data, to `path` atomically."""
    import tensorflow as tf

    state = iterate.state
    header = {
        **about,
        "level": iterate.level,
        "evaluation": iterate.evaluation,
        "seconds": iterate.seconds,
        "equivalents": iterate.equivalents,
        "used": state.used,
        "over": state.over,
        "progress": state.progress._asdict(),
    }
    data: dict[str, Any] = {"header": np.array(json.dumps(header))}
    data |= {f"state/{index}": leaf for index, leaf in enumerate(tf.nest.flatten(state.optimizer_state))}
    data |= {name: getattr(state.point, name) for name in ("image", "total", "gradient")}
    for kind in ("weighted", "canonical"):
        data |= {f"{kind}/{key}": value for key, value in _flat(getattr(state.point, kind)).items()}
    with atomic(path) as part, part.open("wb") as file:
        np.savez(file, **cast(Any, {name: np.asarray(array) for name, array in data.items()}))
        file.flush()
        os.fsync(file.fileno())


def load(
    folder: Path, identity: str, provenance: Mapping[str, Any], optimizer: Optimizer, levels: list[Level]
) -> Iterate | None:
    """The iterate to resume from; None if `folder` has no usable checkpoint of the run `identity`, which is set aside.

    Differences in `provenance` are logged as a warning: the run resumes, but its pixels may differ.
    """
    path = folder / FILE
    if not os.path.lexists(path):
        return None
    try:
        with arrays.opened(path) as file:
            header = _header(file)
            iterate = _iterate(header, file, optimizer, levels) if header["identity"] == identity else None
    except BROKEN as error:
        set_aside(folder, error)
        return None
    if iterate and (changed := [key for key in ORIGIN if header["origin"].get(key) != provenance[key]]):
        log.warning("changed since this run began: %s; the pixels may differ", " and ".join(changed))
    return iterate


def set_aside(folder: Path, why: object) -> None:
    """Set the checkpoint aside, because it cannot be used."""
    own_files.set_aside(folder / FILE, why)
    log.warning("the run starts from the beginning")


def remove(folder: Path) -> None:
    """Delete the checkpoint of a run that has ended, if there is one and the folder can be written."""
    with suppress(OSError):
        (folder / FILE).unlink(missing_ok=True)


def identity(folder: Path) -> str | None:
    """The identity in the checkpoint of `folder`; None if there is no readable checkpoint."""
    return (header(folder) or {}).get("identity")


def header(folder: Path) -> dict[str, Any] | None:
    """The header of the checkpoint of `folder`; None if there is no readable checkpoint."""
    try:
        with arrays.opened(folder / FILE) as file:
            return _header(file)
    except BROKEN:
        return None


def _header(file: arrays.Arrays) -> dict[str, Any]:
    header = bounded.from_json(file.text("header", LONGEST), "its header")
    if not isinstance(header["identity"], str) or not isinstance(header["origin"], dict):
        raise ValueError("its header is not what nst writes")
    return header


def _check_counts(header: Mapping[str, Any], levels: list[Level]) -> None:
    """Raise ValueError unless the counts are those of a run with these levels."""
    numbers = [header[key] for key in ("seconds", "equivalents")] + list(header["progress"].values())
    counts = [header[key] for key in ("level", "evaluation", "used")] + [header["progress"]["seen"]]
    if not all(type(number) in (int, float) and math.isfinite(number) for number in numbers):
        raise ValueError("a number of its header is not finite")
    if not all(type(count) is int and count >= 0 for count in counts) or type(header["over"]) is not bool:
        raise ValueError("a count of its header is not a whole number")
    at = levels[header["level"]]
    done = sum(level.steps for level in levels[: header["level"]]) + header["used"]
    if not 1 <= header["used"] <= at.steps or not header["used"] <= header["evaluation"] <= done:
        raise ValueError("it has other evaluations than this run")


def _iterate(header: dict[str, Any], file: arrays.Arrays, optimizer: Optimizer, levels: list[Level]) -> Iterate:
    """The iterate in `file`; every array is compared with the shape that it has in this run before it is read."""
    import tensorflow as tf

    _check_counts(header, levels)
    level = levels[header["level"]]
    picture, scalar = arrays.Spec((1, level.height, level.width, 3), FLOAT), arrays.Spec((), FLOAT)
    image, gradient = (tf.constant(file.read(name, picture)) for name in ("image", "gradient"))
    point = Point(
        image,
        tf.constant(file.read("total", scalar)),
        gradient,
        *(_nested(_scalars(file, kind), f"{kind}/") for kind in ("weighted", "canonical")),
    )
    empty = optimizer.init(image)
    if sum(name.startswith("state/") for name in file) != len(tf.nest.flatten(empty)):
        raise ValueError("it has another optimizer's state")
    leaves = [
        tf.constant(file.read(f"state/{index}", arrays.Spec(tuple(leaf.shape), np.dtype(leaf.dtype.as_numpy_dtype))))
        for index, leaf in enumerate(tf.nest.flatten(empty))
    ]
    optimizer_state = tf.nest.pack_sequence_as(empty, leaves)
    state = LevelState(point, optimizer_state, header["used"], Progress(**header["progress"]), header["over"])
    return Iterate(header["level"], header["evaluation"], header["seconds"], header["equivalents"], state)


def _scalars(file: arrays.Arrays, kind: str) -> dict[str, Any]:
    """`{name: scalar}` of the terms' values of a `kind`."""
    import tensorflow as tf

    names = [name for name in file if name.startswith(f"{kind}/")]
    return {name: tf.constant(file.read(name, arrays.Spec((), FLOAT))) for name in names}


def _flat(terms: Terms) -> dict[str, Any]:
    return {f"{term}/{layer}": value for term, values in terms.items() for layer, value in values.items()}


def _nested(tensors: Mapping[str, Any], prefix: str) -> Terms:
    """The inverse of `_flat`, for the names that begin with `prefix`."""
    terms: Terms = {}
    for name, value in tensors.items():
        if name.startswith(prefix):
            term, layer = name.removeprefix(prefix).rsplit("/", 1)
            terms.setdefault(term, {})[layer] = value
    return terms
