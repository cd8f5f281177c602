"""Runs for the tests of trackers, and what their records must agree with."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from nst.observers import history
from nst.observers.contract import Observer
from nst.observers.curves import Curves
from tests.conftest import Outcome

Command = Callable[..., Outcome]
SMALL = ("observers.console=null", "observers.tensorboard=null", "optimizer=adam", "size=48")
TAGGED = ("tags=[draft,klimt]", "notes='smooth, see https://me:secret@example.org/?token=1'")


class Stopper(Observer):
    """Interrupts the run, like Ctrl-C, after an evaluation."""

    def __init__(self, evaluation: int) -> None:
        self._evaluation = evaluation

    def __call__(self, iterate: Any) -> None:
        if iterate.evaluation == self._evaluation:
            os.kill(os.getpid(), signal.SIGINT)


def stopper(evaluation: int) -> str:
    """The override that adds a `Stopper`."""
    return f"+observers.stopper={{_target_: {__name__}.Stopper, evaluation: {evaluation}}}"


def curves(folder: Path, every: int) -> dict[int, dict[str, float]]:
    """{evaluation: {tag: value}} of history.csv, without the pace, which is a time."""
    due, found = Curves(every), {}
    for row in history.read(folder / history.FILE):
        if values := due.of_row(row):
            del values["speed/seconds_per_evaluation"]
            found[int(row["evaluation"])] = values
    return found


def record(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "result.json").read_text())


def metrics(folder: Path) -> dict[str, float]:
    """{tag: value} of the metrics in result.json."""
    names = ("style_distance", "content_distance", "ssim", "chroma_distance")
    return {f"metric/{name}": record(folder)["metrics"][name] for name in names}


def config(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "config.yaml").read_text())
