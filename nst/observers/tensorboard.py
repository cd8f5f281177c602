"""TensorBoard event files in the run folder: curves, pictures, metrics and config of a run.

    loss/..., term/..., optimizer/..., speed/...    as in nst/observers/curves.py
    image/current, image/content, image/style
    metric/<name>                                   at the end, as metrics of the HPARAMS page
    config, notes                                   the composed config and the notes, as text
    tags                                            a column of the HPARAMS page, by which it filters runs

The step of every curve is the number of evaluations.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nst.errors import check_count
from nst.image.io import reduced
from nst.observers import events, history
from nst.observers.contract import Observer, RunContext, without_optimizer
from nst.observers.curves import Curves, pictures_due
from nst.runtime import own_files
from nst.settings import compared
from nst.state import Iterate, Metric

SUFFIX = ".nst"  # end of the names of nst's event files; others in the folder are left alone
IMAGE_SIDE = 1024  # pixels, long side; a larger picture is reduced to it


class TensorBoard(Observer):
    """Writes event files.

    Args:
        every: evaluations between scalars, at least 1.
        images: pictures over the run, evenly spaced by work; 0 writes none. By default TensorBoard displays 10.

    Raises:
        InputError: a value is too small.
    """

    def __init__(self, every: int = 5, images: int = 10) -> None:
        self.every = check_count("observers.tensorboard.every", every, at_least=1)
        self.images = check_count("observers.tensorboard.images", images)
        self._writer: Any = None
        self._latest: Iterate | None = None

    def open(self, run: RunContext) -> None:
        """Start a new event file and delete nst's old ones, which would mix with it; a resumed run's data is copied."""
        import tensorflow as tf

        before = [file for file in run.folder.glob(f"{events.FILES}.*{SUFFIX}") if not own_files.is_foreign(file)]
        self._run, self._latest, self._last_written = run, run.resume, False
        self._curves, self._image_due = Curves(self.every), pictures_due(run, self.images)
        folder = os.fsencode(run.folder)  # the name may not be UTF-8
        self._writer = tf.summary.create_file_writer(folder, filename_suffix=SUFFIX)
        self._introduce(run)
        rows = history.read(run.folder / history.FILE, run.resumed) if run.resumed else []
        if run.resumed and not rows:
            return  # no history.csv: keep the old event files
        self._write_again(rows, before)
        for old in before:
            old.unlink()

    def _introduce(self, run: RunContext) -> None:
        import tensorflow as tf

        with self._writer.as_default(step=0):
            tf.summary.text("config", f"```json\n{json.dumps(run.config, indent=2)}\n```")
            if notes := run.config.get("notes"):
                tf.summary.text("notes", _text(notes))
            if self.images:
                tf.summary.image("image/content", reduced(run.content, IMAGE_SIDE))
                for index, style in enumerate(run.styles):
                    tf.summary.image("image/style" + (f"/{index}" if index else ""), reduced(style, IMAGE_SIDE))

    def _write_again(self, rows: Sequence[Mapping[str, str]], before: Sequence[Path]) -> None:
        """Write the curves again from `rows` of history.csv, and the pictures from the event files `before`."""
        import tensorflow as tf

        for row in rows:
            self._scalars(int(row["evaluation"]), self._curves.of_row(row))
        for step, summary in events.pictures(before, "image/current", self._run.resumed):
            if self._image_due(self._run.work(step)):  # skip one written only because the run stopped there
                with self._writer.as_default(step=step):
                    tf.summary.experimental.write_raw_pb(summary, step=step)
                self._last_written = step == self._run.resumed

    def __call__(self, iterate: Iterate) -> None:
        """Write scalars and a picture if they are due."""
        if self._writer is None:
            return
        self._scalars(iterate.evaluation, self._curves.of(iterate))
        self._latest, self._last_written = without_optimizer(iterate), False
        if self._image_due(self._run.work(iterate.evaluation)):
            self._write_picture(iterate)

    def _write_picture(self, iterate: Iterate) -> None:
        import tensorflow as tf

        picture = self._run.present(reduced(np.asarray(iterate.point.image), IMAGE_SIDE))
        with self._writer.as_default(step=iterate.evaluation):
            tf.summary.image("image/current", picture)
        self._writer.flush()  # history.csv holds the scalars, but pictures are only here
        self._last_written = True

    def _scalars(self, evaluation: int, scalars: Mapping[str, float] | None) -> None:
        import tensorflow as tf

        if scalars:
            with self._writer.as_default(step=evaluation):  # one event for all: separate events take five times as long
                tf.summary.experimental.write_raw_pb(events.scalars(scalars.items()), step=evaluation)

    def close(self, record: Mapping[str, Any]) -> None:
        """Write the last picture, the metrics, and the settings for the HPARAMS page."""
        import tensorflow as tf
        from tensorboard.plugins.hparams import api as hparams
        from tensorboard.plugins.hparams import api_pb2, summary

        if self._writer is None:
            return
        if self.images and self._latest and not self._last_written:
            self._write_picture(self._latest)
        metrics = record.get("metrics") or {}
        done = record.get("status") == "done"
        end = summary.session_end_pb(api_pb2.STATUS_SUCCESS if done else api_pb2.STATUS_FAILURE)
        with self._writer.as_default(step=int(record.get("evaluations") or 0)):
            for metric in Metric:
                if metrics.get(metric.value) is not None:
                    tf.summary.scalar(f"metric/{metric.value}", metrics[metric.value])
            knobs = {name: _text(value) for name, value in compared(self._run.config, self._run.choices).items()}
            if tags := self._run.config.get("tags"):
                knobs["tags"] = _text(", ".join(sorted(tags)))
            hparams.hparams(knobs, trial_id=_text(self._run.folder.name))
            tf.summary.experimental.write_raw_pb(end.SerializeToString(), step=0)
        self._writer.close()
        self._writer = None


def _text(value: Any) -> Any:
    """`value`; in a text, what is no UTF-8 is escaped: file names may hold it, event files may not."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
