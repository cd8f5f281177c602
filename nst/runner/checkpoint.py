"""Save the state of a run in a file and load it: a stopped run resumes at any step and ends with the same pixels.

`checkpoint.npz` holds the last iterate (picture, loss, gradient, optimizer state) and, as JSON, the run's identity.
There is no random state to save: only the first picture depends on the seed.
"""

from __future__ import annotations

import json
import logging
import os
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nst.errors import check_number
from nst.observers.contract import Observer, RunContext
from nst.runtime.atomic import atomic
from nst.state import Iterate, Level, LevelState, Point, Progress, Terms

if TYPE_CHECKING:  # it imports TensorFlow
    from nst.optimizer.contract import Optimizer

log = logging.getLogger(__name__)

FILE = "checkpoint.npz"
SHARE = 0.02  # upper bound of the time share spent on writing
# Parts of the provenance that pixels depend on, in addition to the run's identity.
ORIGIN = ("versions", "device", "threads")
BROKEN = (OSError, ValueError, KeyError, IndexError, TypeError, EOFError, zipfile.BadZipFile)


class Checkpoint(Observer):
    """An observer that writes checkpoints.

    Args:
        every: seconds between checkpoints, above 0; longer if writing is slow. None writes only on `save`.
        identity: identity of the run.
        provenance: provenance of the run.
        clock: a monotonic clock, in seconds.

    Raises:
        InputError: `every` is not above 0.
    """

    def __init__(
        self,
        every: float | None,
        identity: str,
        provenance: Mapping[str, Any],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if every is not None:
            check_number("checkpoint", every, above=0)
        self.every = every
        self._about = {"identity": identity, "origin": {key: provenance[key] for key in ORIGIN}}
        self._clock = clock
        self._latest: Iterate | None = None

    def open(self, run: RunContext) -> None:
        """Schedule the first checkpoint."""
        self._path = run.folder / FILE
        self._due = self._clock() + (self.every or 0)

    def __call__(self, iterate: Iterate) -> None:
        """Save the iterate if a checkpoint is due."""
        self._latest = iterate
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
    arrays: dict[str, Any] = {"header": np.array(json.dumps(header))}
    arrays |= {f"state/{index}": leaf for index, leaf in enumerate(tf.nest.flatten(state.optimizer_state))}
    arrays |= {name: getattr(state.point, name) for name in ("image", "total", "gradient")}
    for kind in ("weighted", "canonical"):
        arrays |= {f"{kind}/{key}": value for key, value in _flat(getattr(state.point, kind)).items()}
    with atomic(path) as part, part.open("wb") as file:
        np.savez(file, **cast(Any, {name: np.asarray(array) for name, array in arrays.items()}))
        file.flush()
        os.fsync(file.fileno())


def load(
    folder: Path, identity: str, provenance: Mapping[str, Any], optimizer: Optimizer, levels: list[Level]
) -> Iterate | None:
    """The iterate to resume from; None if `folder` has no readable checkpoint of the run `identity`.

    Differences in `provenance` are logged as a warning: the run resumes, but its pixels may differ.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with path.open("rb") as opened, np.load(opened) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(str(arrays.pop("header")))
        iterate = _iterate(header, arrays, optimizer, levels) if header["identity"] == identity else None
    except BROKEN as error:
        log.warning("%s cannot be read (%s); the run starts from the beginning", path, error)
        return None
    if iterate:
        changed = [key for key in ORIGIN if header["origin"].get(key) != provenance[key]]
        if changed:
            log.warning("changed since this run began: %s; the pixels may differ", " and ".join(changed))
    return iterate


def identity(folder: Path) -> str | None:
    """The identity in the checkpoint of `folder`; None if there is no readable checkpoint."""
    try:
        with (folder / FILE).open("rb") as opened, np.load(opened) as file:
            return json.loads(str(file["header"]))["identity"]
    except BROKEN:
        return None


def _iterate(
    header: dict[str, Any], arrays: dict[str, np.ndarray], optimizer: Optimizer, levels: list[Level]
) -> Iterate:
    import tensorflow as tf

    tensors = {name: tf.constant(array) for name, array in arrays.items()}
    level = levels[header["level"]]
    if tuple(tensors["image"].shape) != (1, level.height, level.width, 3):
        raise ValueError("its picture has a different size")
    point = Point(
        tensors["image"],
        tensors["total"],
        tensors["gradient"],
        _nested(tensors, "weighted/"),
        _nested(tensors, "canonical/"),
    )
    leaves = [tensors[f"state/{index}"] for index in range(sum(name.startswith("state/") for name in tensors))]
    optimizer_state = tf.nest.pack_sequence_as(optimizer.init(tensors["image"]), leaves)
    state = LevelState(point, optimizer_state, header["used"], Progress(**header["progress"]), header["over"])
    return Iterate(header["level"], header["evaluation"], header["seconds"], header["equivalents"], state)


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
