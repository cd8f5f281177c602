"""Run folders for the tests of the dashboard."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from nst.assets.cache import sha256
from nst.dashboard.server import Server
from nst.dashboard.watcher import Watcher
from nst.runtime import lock
from tests.report.test_report import make_run

PROGRESS = {
    "level": 1,
    "levels": 2,
    "size": [60, 80],
    "evaluation": 30,
    "steps": 120,
    "done": 0.25,
    "loss": 0.5,
    "seconds": 9.0,
    "seconds_per_evaluation": 0.3,
    "seconds_left": 27.0,
}


class Running:
    """A run folder as it is while a run goes on, locked by this process."""

    def __init__(self, folder: Path, stack: ExitStack, **about: Any) -> None:
        self.folder = make_run(folder, status="running", **about)
        self._lock = lock.Held(folder / lock.NAME)
        self._rows = (folder / "history.csv").read_text().splitlines(keepends=True)
        stack.callback(self._lock.release)
        self.write(30, "navy")

    def write(self, evaluation: int, color: str) -> None:
        """Write both files of the observer `preview`, and the rows of the history so far."""
        history = self.folder / "history.csv"
        history.write_text("".join(self._rows[: evaluation + 1]))
        part = self.folder / ".part"
        Image.new("RGB", (80, 60), color).save(part, "PNG")
        part.replace(self.folder / "preview.png")
        part.write_text(json.dumps({**PROGRESS, "evaluation": evaluation, "done": evaluation / 120}))
        part.replace(self.folder / "progress.json")

    def end(self, status: str = "done", **about: Any) -> None:
        """Write what a run writes at its end, and release the lock."""
        (self.folder / "preview.png").unlink()
        (self.folder / "progress.json").unlink()
        Image.new("RGB", (80, 60), "teal").save(self.folder / "result.png")
        files = {"result.png": sha256(self.folder / "result.png")}
        record = {"status": status, "evaluations": 120, "seconds": 36.5, "loss": 0.25, "size": [60, 80], "files": files}
        overrides = yaml.safe_load((self.folder / "overrides.yaml").read_text())
        (self.folder / "result.json").write_text(json.dumps({**record, "overrides": overrides, **about}))
        self._lock.release()

    def kill(self) -> None:
        """Release the lock, as the system does when a process ends."""
        self._lock.release()


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a run in a folder below `tmp_path`."""
    with ExitStack() as stack:
        yield lambda name="sweep/run", **about: Running(tmp_path / name, stack, **about)


@pytest.fixture
def watcher(tmp_path: Path) -> Watcher:
    return Watcher(tmp_path)


@pytest.fixture
def serve() -> Callable[..., Any]:
    """A server for a watcher, at any free port."""

    @contextmanager
    def serving(watcher: Watcher) -> Iterator[Server]:
        watcher.poll()
        with Server(watcher, 0) as server:
            yield server

    return serving


def state(watcher: Watcher) -> dict[str, Any]:
    """What the page gets after a look at the folder: the summary, and `{name: run}`."""
    watcher._due = 0
    watcher.poll()
    news = watcher.feed.wait(0, 1)
    assert news is not None
    found = json.loads(news[1])
    found["ids"] = {found["runs"][id_]["folder"]: id_ for id_ in found["order"]}
    found["runs"] = {run["folder"]: run for run in found["runs"].values()}
    return found
