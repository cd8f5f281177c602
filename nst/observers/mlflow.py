"""MLflow: curves, pictures, params, metrics and status of a run, in a local database or on a tracking server.

The runs of a sweep are the children of one run, which the first of them creates. The ids of the two are in
`.mlflow.json` of the run folder and of the sweep's folder.
"""

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from nst.errors import InputError
from nst.observers.sink import End, Opened, Row, Sink, Start
from nst.observers.sink_process import store, stored
from nst.observers.tracker import Tracker
from nst.runtime import lock, shell
from nst.settings import flatten

EXPERIMENT = "nst"
DATABASE, ARTIFACTS, STATE = "mlflow.db", "mlartifacts", ".mlflow.json"
STATUS = {"done": "FINISHED", "pruned": "KILLED", "interrupted": "KILLED"}  # else FAILED
LONGEST_KEY, LONGEST_PARAM, LONGEST_TAG = 250, 500, 5000  # characters: limits that all servers accept
MOST_PARAMS, MOST_METRICS = 100, 1000  # in one request
SQLITE = "sqlite:///"
LOCK_SECONDS = 120.0  # that a run waits for another one, which creates the database or the parent of both
DEFAULTS = {  # of MLflow's variables: a lost server is noticed within a minute; nothing is sent elsewhere
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


class MLflow(Tracker):
    """Logs a run to MLflow.

    Args:
        tracking_uri: the server or the database; None: the variable MLFLOW_TRACKING_URI, or `mlflow.db` in
            `output.folder`, with the pictures in `mlartifacts`.
        experiment: the experiment; None: the variable MLFLOW_EXPERIMENT_NAME, or `nst`.
        every: evaluations between scalars, at least 1.
        images: pictures over the run, evenly spaced by work; 0 logs none but the result.
        timeout: seconds that the end of a run waits for MLflow, at most; above 0.

    Raises:
        InputError: a value is invalid, or mlflow is not installed.
    """

    module = "mlflow"

    def __init__(
        self,
        tracking_uri: str | None = None,
        experiment: str | None = None,
        every: int = 5,
        images: int = 10,
        timeout: float = 60.0,
    ) -> None:
        for name, value in (("tracking_uri", tracking_uri), ("experiment", experiment)):
            if value is not None and not (isinstance(value, str) and 0 < len(value) <= LONGEST_PARAM):
                raise InputError(f"observers.mlflow.{name} must be a text of 1 to {LONGEST_PARAM} characters, or null")
        super().__init__(every, images, timeout, tracking_uri=tracking_uri, experiment=experiment)


class MLflowSink(Sink):
    """Calls MlflowClient."""

    def start(self, start: Start, run: str | None) -> Opened:
        """Begin the run, or continue `run` if it exists."""
        for name, value in DEFAULTS.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient  # pyright: ignore[reportMissingImports]

        outputs = Path((start.config.get("output") or {}).get("folder") or ".").expanduser().absolute()
        uri = start.settings["tracking_uri"] or os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}{outputs / DATABASE}"
        artifacts = (outputs / ARTIFACTS).as_uri() if uri.startswith(SQLITE) else None
        name = start.settings["experiment"] or os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
        with _alone(uri, start.sweep):
            self._client = MlflowClient(tracking_uri=uri)
            self._experiment = self._experiment_id(name, artifacts)
            self._parent = self._parent_of(start.sweep) if start.sweep else None
        self._run = self._continued(run) or self._begun(start)
        page = f"{uri}/#/experiments/{self._experiment}/runs/{self._run}"
        return Opened(
            self._run, page if uri.startswith("http") else shell.join(["mlflow", "ui", "--backend-store-uri", uri])
        )

    def _experiment_id(self, name: str, artifacts: str | None) -> str:
        from mlflow.exceptions import MlflowException  # pyright: ignore[reportMissingImports]

        if (found := self._client.get_experiment_by_name(name)) is None:
            try:
                return self._client.create_experiment(name, artifact_location=artifacts)
            except MlflowException:  # another run has created it
                if (found := self._client.get_experiment_by_name(name)) is None:
                    raise
        return found.experiment_id

    def _parent_of(self, sweep: Path) -> str:
        """The run of the whole sweep, created by the first of its runs."""
        if (found := self._continued(stored(sweep / STATE)[0])) is not None:
            return found
        tags = {"nst.sweep": sweep.name}
        parent = self._client.create_run(self._experiment, run_name=sweep.name, tags=tags).info.run_id
        store(sweep / STATE, parent)
        return parent

    def _continued(self, run: str | None) -> str | None:
        """`run`, set to running again; None if this experiment does not have it."""
        from mlflow.exceptions import MlflowException  # pyright: ignore[reportMissingImports]

        if run is None:
            return None
        try:
            info = self._client.get_run(run).info
        except MlflowException:  # of another database
            return None
        if info.lifecycle_stage != "active" or info.experiment_id != self._experiment:
            return None
        self._client.update_run(run, status="RUNNING")
        return run

    def _begun(self, start: Start) -> str:
        from mlflow.entities import Param  # pyright: ignore[reportMissingImports]

        run = self._client.create_run(self._experiment, run_name=start.folder.name, tags=self._tags(start)).info.run_id
        params = [Param(key, value) for key, value in _params(start)]
        for some in _batched(params, MOST_PARAMS):
            self._client.log_batch(run, params=some)
        self._client.log_text(run, yaml.safe_dump(start.config, sort_keys=False), "config.yaml")
        return run

    def _tags(self, start: Start) -> dict[str, str]:
        tags = {f"tag.{tag}": "true" for tag in start.config.get("tags") or []}
        if notes := start.config.get("notes"):
            tags["mlflow.note.content"] = notes[:LONGEST_TAG]
        if start.sweep:
            tags |= {"nst.sweep": start.sweep.name, "mlflow.parentRunId": str(self._parent)}
        return tags

    def scalars(self, rows: Sequence[Row]) -> None:
        """Log rows of the curves."""
        from mlflow.entities import Metric  # pyright: ignore[reportMissingImports]

        now = int(1000 * time.time())
        metrics = [Metric(tag, value, now, step) for step, values in rows for tag, value in values.items()]
        for some in _batched(metrics, MOST_METRICS):
            self._client.log_batch(self._run, metrics=some)

    def picture(self, evaluation: int, tag: str, picture: np.ndarray) -> None:
        """Log a source picture as `content.png` or `style.png`, the current one by its evaluation."""
        name = tag.removeprefix("image/")
        if name == "current":
            self._client.log_image(self._run, picture, key=name, step=evaluation)
        else:
            self._client.log_image(self._run, picture, artifact_file=f"{name.replace('/', '_')}.png")

    def end(self, end: End) -> None:
        """Log the metrics, the result and the status."""
        if end.metrics:
            self.scalars([(end.evaluations, dict(end.metrics))])
        if end.picture is not None:
            self._client.log_artifact(self._run, str(end.picture))
        self._client.set_tag(self._run, "nst.status", end.status)
        if end.error:
            self._client.set_tag(self._run, "nst.error", end.error[:LONGEST_TAG])
        elif "nst.error" in self._client.get_run(self._run).data.tags:  # of the run before it was resumed
            self._client.delete_tag(self._run, "nst.error")
        for run, status in ((self._run, STATUS.get(end.status, "FAILED")), (self._parent, "FINISHED")):
            if run is not None:
                self._client.set_terminated(run, status)


@contextmanager
def _alone(uri: str, sweep: Path | None) -> Iterator[None]:
    """Keep other runs out: MLflow cannot create one database twice at a time, and a sweep has one parent."""
    database = Path(uri.removeprefix(SQLITE)).absolute() if uri.startswith(SQLITE) else None
    place = database or (sweep and sweep / STATE)
    if place is None:
        yield
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    with lock.opened(place.with_name(f"{place.name}.lock")) as file:
        lock.hold(file, LOCK_SECONDS, required=False)
        yield


def _batched(items: Sequence[Any], most: int) -> Iterator[Sequence[Any]]:
    for begin in range(0, len(items), most):
        yield items[begin : begin + most]


def _params(start: Start) -> Iterator[tuple[str, str]]:
    """The settings and choices, within MLflow's limits; config.yaml has them in full."""
    chosen = {group: choice for group, choice in start.choices.items() if choice is not None}
    for key, value in {**flatten(start.config), **flatten(chosen)}.items():
        yield re.sub(r"[^\w./ -]", "_", key)[:LONGEST_KEY], str(value)[:LONGEST_PARAM]


sink = MLflowSink
