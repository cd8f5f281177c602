"""Checkpoints, curves and validation of a training."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from distill.backend import to_numpy
from distill.distillation import Distillation
from distill.networks import CONTENT, features
from distill.visited import Pool
from distill.worth import Distances, rank
from nst.errors import InputError
from nst.layers import LAYERS, STYLE_LAYERS

CHUNK = 8
"""Pictures per validation batch."""


def validate(model: Distillation, images: np.ndarray) -> dict[str, float]:
    """Unexplained variance of each layer on held-out pictures, and rank correlations of distances."""
    missed: dict[str, list[float]] = {layer: [] for layer in LAYERS}
    ours, theirs = Distances(), Distances()
    for start in range(0, len(images), CHUNK):
        chunk = images[start : start + CHUNK]
        found, wanted = features(model.student, chunk), model.teacher(chunk)
        for layer in LAYERS:
            missed[layer].append(float(to_numpy(model.missed(layer, found[layer], wanted[layer]))))
        for distances, seen in ((ours, found), (theirs, wanted)):
            distances.add({layer: to_numpy(seen[layer]) for layer in (*STYLE_LAYERS, CONTENT)})
    figures = {f"held_out/{layer}": float(np.mean(values)) for layer, values in missed.items()}
    figures["spearman/style"] = rank(ours.style(STYLE_LAYERS), theirs.style(STYLE_LAYERS))
    figures["spearman/content"] = rank(ours.content(CONTENT), theirs.content(CONTENT))
    return figures


class Progress:
    """The folder of a training: its last checkpoint, its curve, and TensorBoard events.

    Args:
        folder: created if missing.
        task: the settings that must be equal to resume a training.

    Raises:
        InputError: the folder cannot be created, or holds a training of another task.
    """

    def __init__(self, folder: Path, task: dict[str, Any]) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"--out {folder} cannot be created ({error.strerror})") from error
        self.folder, self.task = folder, task
        self._state = folder / "state.json"
        state = json.loads(self._state.read_text()) if self._state.is_file() else {"task": task}
        differing = [key for key in task if state["task"].get(key) != task[key]]
        if differing:
            raise InputError(f"{folder} holds a training with different {', '.join(differing)}; choose another --out")
        self.step: int | None = state.get("step")  # None before the first checkpoint
        self.seconds: float = state.get("seconds", 0.0)
        self.curve: list[dict[str, float]] = state.get("curve", [])
        self.legs: list[dict[str, Any]] = state.get("legs", [])  # {from_step, options}
        self._events = EventFileWriter(str(folder))

    def begin(self, options: dict[str, Any]) -> None:
        """Record the options of this leg of the training, if they differ from the last leg's."""
        if not self.legs or self.legs[-1]["options"] != options:
            self.legs.append({"from_step": self.step or 0, "options": options})

    def log(self, step: int, figures: dict[str, float], seconds: float) -> None:
        """Print the figures, and add them to the curve and to TensorBoard."""
        self.seconds += seconds
        self.curve.append({"step": step, **{key: float(f"{value:.4g}") for key, value in figures.items()}})
        for tag, value in figures.items():
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
            self._events.add_event(Event(wall_time=time.time(), step=step, summary=summary))
        self._events.flush()
        layers = (*STYLE_LAYERS, CONTENT)
        held, missed, far = (
            " ".join(f"{figures.get(f'{what}/{layer}', float('nan')):.3f}" for layer in layers)
            for what in ("held_out", "difference", "distance")
        )
        ranks = " ".join(f"{value:.3f}" for key, value in figures.items() if key.startswith("spearman/"))
        print(
            f"{step:6d}  {self.seconds / 60:6.1f} min  loss {figures.get('loss', float('nan')):.3f}"
            f"  unexplained {held}  difference {missed}  distance {far}"
            f"  rank correlation {ranks}  dead {figures['dead']:.0f}",
            flush=True,
        )

    def save(self, step: int, model: keras.Model, pools: Sequence[Pool]) -> None:
        """Save a checkpoint. The state file is written last; its step names the other files."""
        weights, pool = self.folder / f"step{step}.weights.h5", self.folder / f"step{step}.npz"
        model.save_weights(weights)
        np.savez(pool, **cast(Any, {key: value for each in pools for key, value in each.state().items()}))
        part = self._state.with_suffix(".part")
        state = {key: getattr(self, key) for key in ("task", "legs", "seconds", "curve")} | {"step": step}
        part.write_text(json.dumps(state))
        part.replace(self._state)
        if self.step not in (None, step):
            for old in self.folder.glob(f"step{self.step}.*"):
                old.unlink()
        self.step = step

    def restore(self, model: keras.Model, pools: Sequence[Pool]) -> None:
        """Restore the model, its optimizer and the pool from the last checkpoint."""
        model.optimizer.build(model.trainable_variables)
        model.load_weights(self.folder / f"step{self.step}.weights.h5")
        with np.load(self.folder / f"step{self.step}.npz") as stored:
            state = {key: stored[key] for key in stored.files}
        for pool in pools:
            pool.restore(state)
