"""Base of observers that log runs to an experiment tracker: Weights & Biases, MLflow.

The tracker's library runs in a process of its own (`nst.observers.sink_process`). Whatever happens there, a lost
network, a full disk, an exception, a call that never returns, gives one warning, and the run goes on.

    loss/..., term/..., optimizer/..., speed/...    as in nst/observers/curves.py
    image/content, image/style, image/current       as in TensorBoard
    metric/<name>, result.png, status               at the end
"""

import importlib.util
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from hydra.utils import get_object

from nst.errors import InputError, check_count, check_number
from nst.image.io import reduced, to_uint8
from nst.observers import history
from nst.observers.contract import Observer, RunContext, without_optimizer
from nst.observers.curves import Curves, pictures_due
from nst.observers.sink import End, Start
from nst.observers.sink_link import Link
from nst.state import Iterate, Metric

IMAGE_SIDE = 1024  # pixels, long side; a larger picture is reduced to it. The result is logged as it is.
PICTURE = "result.png"


class Tracker(Observer):
    """Logs a run to a tracker.

    Subclasses define `module`: their own module, whose function `sink()` returns the `Sink`.

    Args:
        every: evaluations between scalars, at least 1.
        images: pictures over the run, evenly spaced by work; 0 logs none but the result.
        timeout: seconds that the end of a run waits for the tracker, at most; above 0.
        settings: further settings, for the sink.

    Raises:
        InputError: a value is too small, or the tracker's library is not installed.
    """

    module: ClassVar[str]

    def __init__(self, every: int, images: int, timeout: float, **settings: Any) -> None:
        path = f"observers.{self.module}"
        self.every = check_count(f"{path}.every", every, at_least=1)
        self.images = check_count(f"{path}.images", images)
        check_number(f"{path}.timeout", timeout, above=0, at_most=10**6)
        if not installed(self.module):
            raise InputError(f"{path} needs {self.module}: python -m pip install {self.module}")
        self._settings = {**settings, "timeout": timeout}
        self._link: Link | None = None

    def open(self, run: RunContext) -> None:
        """Start the process; a resumed run sends the curves up to its checkpoint, in case the record lacks them."""
        self._run, self._latest, self._last_sent = run, None, True
        self._curves = Curves(self.every)
        self._image_due = pictures_due(run, self.images, run.work(run.resumed))
        self._link = Link(self.module, self._settings["timeout"])
        folder, sweep = run.folder.absolute(), run.sweep and run.sweep.absolute()
        self._send("start", Start(folder, sweep, run.config, dict(run.choices), run.resumed, self._settings))
        if self.images:
            self._send("picture", 0, "image/content", _shown(run.content))
            for index, style in enumerate(run.styles):
                self._send("picture", 0, "image/style" + (f"/{index}" if index else ""), _shown(style))
        for row in history.read(run.folder / history.FILE, run.resumed) if run.resumed else []:
            self._send_scalars(int(row["evaluation"]), self._curves.of_row(row))

    def __call__(self, iterate: Iterate) -> None:
        """Send scalars and a picture if they are due."""
        self._send_scalars(iterate.evaluation, self._curves.of(iterate))
        self._latest, self._last_sent = without_optimizer(iterate), False
        if self._image_due(self._run.work(iterate.evaluation)):
            self._send_picture(iterate)

    def close(self, record: Mapping[str, Any]) -> None:
        """Send the last picture, but not of an interrupted run, which may go on; send how the run ended."""
        if self.images and self._latest and not self._last_sent and record.get("status") != "interrupted":
            self._send_picture(self._latest)
        self._latest = None
        metrics = record.get("metrics") or {}
        picture = self._run.folder.absolute() / PICTURE if PICTURE in (record.get("files") or {}) else None
        named = {f"metric/{metric.value}": metrics.get(metric.value) for metric in Metric}
        found = {tag: float(value) for tag, value in named.items() if value is not None}
        evaluations = int(record.get("evaluations") or 0)
        self._send("end", End(str(record.get("status")), record.get("error"), evaluations, found, picture))
        if self._link is not None:
            self._link.close()

    def wait(self) -> None:
        """Wait for the tracker, `timeout` seconds at most, and log where the run's record is."""
        if self._link is not None:
            self._link.wait()

    def _send(self, *message: Any) -> None:
        if self._link is not None:
            self._link.send(*message)

    def _send_scalars(self, evaluation: int, values: Mapping[str, float] | None) -> None:
        if values:
            self._send("scalars", evaluation, values)

    def _send_picture(self, iterate: Iterate) -> None:
        picture = self._run.present(reduced(np.asarray(iterate.point.image), IMAGE_SIDE))
        self._send("picture", iterate.evaluation, "image/current", to_uint8(picture))
        self._last_sent = True


def installed(package: str) -> bool:
    """Whether `package` is installed; a mere folder of this name, like the one that W&B makes, does not count."""
    found = importlib.util.find_spec(package)
    return found is not None and found.origin is not None


def is_tracker(config: Any) -> bool:
    """Whether the config of an observer names a tracker. A recipe may not: a stranger would choose where data goes."""
    target = config.get("_target_") if isinstance(config, Mapping) else None
    return target is not None and issubclass(get_object(target), Tracker)


def _shown(picture: np.ndarray) -> np.ndarray:
    return to_uint8(reduced(picture, IMAGE_SIDE))
