"""TensorBoard: the curves and the picture of a run, in the run's own folder.

    loss/total, loss/<term>/<layer>      weighted: they sum to the total
    term/<term>/<layer>                  canonical: comparable between runs
    image/current, image/content, image/style
    speed/seconds_per_evaluation, optimizer/gradient_norm
    metric/<name>                        at the end, as metrics of the HPARAMS page
    config                               the composed config, as text

The step of every curve is the number of evaluations.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from nst.errors import check_count
from nst.image import fit, resize
from nst.observers import Every, Run, gradient_norm, losses
from nst.record import Iterate, Metric

NOT_COMPARED = ("observers", "output", "sweep_dir", "score")
IMAGE_SIDE = 1024  # a larger picture is shown at this long side


class TensorBoard:
    """Writes event files.

    Args:
        every: evaluations between scalars, at least 1.
        images: pictures over the run, 0 none; TensorBoard shows at most 10 of a tag unless told otherwise.
    """

    def __init__(self, every: int = 5, images: int = 10) -> None:
        self.every = check_count("observers.tensorboard.every", every, at_least=1)
        self.images = check_count("observers.tensorboard.images", images)
        self._writer: Any = None
        self._latest: Iterate | None = None

    def open(self, run: Run) -> None:
        """Begin anew: what an earlier run left in the folder would mix with this one's."""
        import tensorflow as tf

        for old in run.folder.glob("events.out.tfevents.*"):
            old.unlink()
        self._run, self._last, self._latest, self._shown_last = run, (0, 0.0), None, False
        self._scalars_due = Every(self.every)
        self._image_due = Every(-(-run.steps // (self.images - 1)) if self.images > 1 else 0)
        self._writer = tf.summary.create_file_writer(str(run.folder))
        with self._writer.as_default(step=0):
            tf.summary.text("config", f"```json\n{json.dumps(run.config, indent=2)}\n```")
            if self.images:
                tf.summary.image("image/content", _shown(run.content))
                for index, style in enumerate(run.styles):
                    tf.summary.image("image/style" + (f"/{index}" if index else ""), _shown(style))

    def __call__(self, iterate: Iterate) -> None:
        """Write what is due."""
        import tensorflow as tf

        if self._writer is None:
            return
        with self._writer.as_default(step=iterate.evaluation):
            if self._scalars_due(iterate.evaluation):
                self._scalars(tf.summary.scalar, iterate)
        self._latest, self._shown_last = iterate, False
        if self._image_due(iterate.evaluation):
            self._show(iterate)

    def _show(self, iterate: Iterate) -> None:
        import tensorflow as tf

        picture = np.asarray(iterate.point.image).clip(0, 1)
        with self._writer.as_default(step=iterate.evaluation):
            tf.summary.image("image/current", _shown(picture))
        self._shown_last = True

    def _scalars(self, scalar: Any, iterate: Iterate) -> None:
        point = iterate.point
        for tag, value in losses(point):
            scalar(tag, value)
        scalar("optimizer/gradient_norm", gradient_norm(point.gradient))
        count, seconds = iterate.evaluation - self._last[0], iterate.seconds - self._last[1]
        scalar("speed/seconds_per_evaluation", seconds / max(count, 1))
        self._last = iterate.evaluation, iterate.seconds

    def close(self, record: Mapping[str, Any]) -> None:
        """Write the metrics, and the settings they came of."""
        import tensorflow as tf
        from tensorboard.plugins.hparams import api as hparams
        from tensorboard.plugins.hparams import api_pb2, summary

        if self._writer is None:
            return
        if self.images and self._latest and not self._shown_last:
            self._show(self._latest)
        metrics = record.get("metrics") or {}
        done = record.get("status") == "done"
        end = summary.session_end_pb(api_pb2.STATUS_SUCCESS if done else api_pb2.STATUS_FAILURE)
        with self._writer.as_default(step=int(record.get("evaluations") or 0)):
            for metric in Metric:
                if metrics.get(metric.value) is not None:
                    tf.summary.scalar(f"metric/{metric.value}", metrics[metric.value])
            hparams.hparams(settings(self._run), trial_id=self._run.folder.name)
            tf.summary.experimental.write_raw_pb(end.SerializeToString(), step=0)
        self._writer.close()
        self._writer = None


def settings(run: Run) -> dict[str, bool | int | float | str]:
    """What the HPARAMS page compares runs by: choices and knobs, without what only says where and how to write."""
    knobs = {key: value for key, value in run.config.items() if key not in NOT_COMPARED}
    choices = {group: choice for group, choice in run.choices.items() if choice and group not in NOT_COMPARED}
    return {**flatten(knobs), **flatten(choices)}


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, bool | int | float | str]:
    """{`a.b`: value} of a nested config, without `_target_`s; what TensorBoard has no type for becomes text."""
    flat: dict[str, bool | int | float | str] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{name}."))
        elif key != "_target_":
            flat[name] = value if isinstance(value, bool | int | float | str) else json.dumps(value)
    return flat


def _shown(picture: np.ndarray) -> np.ndarray:
    size = fit(picture.shape[1:3], min(IMAGE_SIDE, max(picture.shape[1:3])))
    return resize(picture, *size)
