"""Trackers: whatever happens in their process, the run ends as it would without them."""

import importlib.util
import io
import json
import os
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nst.cli.recipe import compose_recipe
from nst.errors import InputError
from nst.observers import sink_link
from nst.observers.contract import Observer, awaited
from nst.observers.mlflow import MLflow
from nst.observers.sink import End, Opened, Row, Sink, Start
from nst.observers.sink_link import Link
from nst.observers.sink_process import Session, serve, stored
from nst.observers.tracker import installed
from nst.observers.wandb import WandB
from nst.state import Iterate
from tests.conftest import Outcome

Command = Callable[..., Outcome]
RUN = ("observers=mlflow", "observers.tensorboard=null", "hydra.run.dir=run", "size=48")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Installs a package mlflow that executes a text when it is imported."""

    def install(text: str) -> None:
        folder = tmp_path / "packages" / "mlflow"
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(text)
        monkeypatch.syspath_prepend(str(folder.parent))

    return install


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise OSError('no space left on device')", "OSError: no space left on device"),
        ("import os; os._exit(3)", "its process ended with status 3"),
        ("input('Your key: ')", "EOFError"),
        ("import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(1000)", "it was not done 3 s after"),
    ],
    ids=["raises", "exits", "asks", "hangs"],
)
def test_a_failing_tracker_costs_one_warning(text: str, why: str, nst: Command, package: Callable[[str], None]) -> None:
    package(text)
    outcome = nst(*RUN, "observers.mlflow.timeout=3")
    assert (outcome.status, outcome.err) == (0, "")
    (warning,) = [line for line in outcome.out.splitlines() if "mlflow" in line]
    assert warning.startswith(f"warning: observers.mlflow: {why}")
    assert warning.endswith("; the run goes on without it")
    assert json.loads(Path("run/result.json").read_text())["status"] == "done"
    assert Path("run/result.png").is_file()
    if Path("pid").exists():
        with pytest.raises(ProcessLookupError):
            gone(int(Path("pid").read_text()))


def gone(process: int, seconds: float = 10) -> None:
    """Wait until a process has ended, which raises ProcessLookupError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        os.kill(process, 0)
        time.sleep(0.05)


def test_messages_that_nobody_reads_do_not_fill_the_memory(
    package: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    package("import time; time.sleep(1000)")
    monkeypatch.setattr(sink_link, "MOST_WAITING", 10**6)
    link = Link("mlflow", timeout=1)
    link.send("start", Start(Path(), None, {}, {}, 0, {"timeout": 1, "tracking_uri": None, "experiment": None}))
    for _ in range(100):
        link.send("picture", 1, "image/current", np.zeros((200, 200, 3), np.uint8))
    link.close()
    link.wait()
    assert [record.getMessage() for record in caplog.records] == [
        "observers.mlflow: it does not answer; the run goes on without it"
    ]


@pytest.mark.parametrize("tracker", [WandB, MLflow])
def test_a_missing_package_is_named_before_the_run(
    tracker: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"observers\.(\w+) needs \1: python -m pip install \1$"):
        tracker()


def test_a_folder_with_the_name_of_a_package_is_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "only_a_folder").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not installed("only_a_folder")
    assert installed("numpy")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WandB(mode="onlin"), "observers.wandb.mode 'onlin' is unknown; did you mean 'online'"),
        (lambda: WandB(project="a/b"), "observers.wandb.project must have 1 to 128 characters"),
        (lambda: WandB(mode="online"), "observers.wandb.mode=online needs a login"),
        (lambda: WandB(every=0), "observers.wandb.every must be at least 1"),
        (lambda: MLflow(experiment=""), "observers.mlflow.experiment must be a text of 1 to 500 characters"),
        (lambda: MLflow(timeout=0), "observers.mlflow.timeout must be above 0"),
        (lambda: MLflow(images=-1), "observers.mlflow.images must be at least 0"),
    ],
)
def test_bad_settings_are_refused(
    make: Callable[[], object], message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("nst.observers.tracker.installed", lambda _: True)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError, match=message):
        make()


def test_a_recipe_does_not_choose_a_tracker() -> None:
    tracker = {"_target_": "nst.observers.mlflow.MLflow", "tracking_uri": "https://example.org"}
    history = {"_target_": "nst.observers.history.History", "every": 7}
    config = compose_recipe({"observers": {"history": history, "mine": tracker}})
    assert config.observers == {"history": history}


class Recorder(Sink):
    """Keeps what it gets."""

    def __init__(self, run: str = "first") -> None:
        self.run, self.asked = run, ""
        self.got: list[tuple[int, str]] = []
        self.ends: list[End] = []

    def start(self, start: Start, run: str | None) -> Opened:
        self.asked = run
        return Opened(self.run, "shown")

    def scalars(self, rows: Sequence[Row]) -> None:
        self.got += [(evaluation, "scalars") for evaluation, _ in rows]

    def picture(self, evaluation: int, tag: str, picture: np.ndarray) -> None:
        self.got.append((evaluation, tag))

    def end(self, end: End) -> None:
        self.ends.append(end)


def logged(folder: Path, sink: Recorder, evaluations: range, resumed: int = 0, *, ended: bool = True) -> list[Any]:
    """Send messages of `evaluations` to the sink, and return the answers."""
    start = Start(folder, None, {}, {}, resumed, {"timeout": 60.0})
    messages: list[tuple[Any, ...]] = [("start", start), ("picture", 0, "content", None)]
    for evaluation in evaluations:
        messages += [("scalars", evaluation, {"loss/total": 1.0}), ("picture", evaluation, "current", None)]
    messages += [("end", End("done"))] if ended else []
    answers: list[Mapping[str, Any]] = []
    data = b"".join(pickle.dumps(message) for message in messages)
    serve(Session("mine", sink, answers.append), io.BytesIO(data if ended else data[:-3]))
    return answers


def both(evaluations: Sequence[int]) -> list[tuple[int, str]]:
    return [(evaluation, kind) for evaluation in evaluations for kind in ("scalars", "current")]


def test_a_session_passes_everything_on_in_order(tmp_path: Path) -> None:
    sink = Recorder()
    answers = logged(tmp_path, sink, range(1, 4))
    assert sink.got == [(0, "content"), *both([1, 2, 3])]
    assert sink.ends == [End("done")]
    assert [list(answer) for answer in answers] == [["opened"], ["done"]]
    assert stored(tmp_path / ".mine.json") == ("first", 3)


def test_a_resumed_run_continues_its_record_without_doubled_evaluations(tmp_path: Path) -> None:
    logged(tmp_path, Recorder(), range(1, 6))
    sink = Recorder()
    logged(tmp_path, sink, range(1, 9), resumed=3)
    assert sink.asked == "first"
    assert sink.got == both([6, 7, 8])


@pytest.mark.parametrize("resumed", [0, 3])
def test_a_new_record_is_complete(tmp_path: Path, resumed: int) -> None:
    """Of a run that begins again, and of a resumed run whose record the tracker does not have any more."""
    logged(tmp_path, Recorder(), range(1, 6))
    sink = Recorder("second")
    logged(tmp_path, sink, range(1, 7), resumed=resumed)
    assert sink.asked == ("first" if resumed else None)
    assert sink.got == [(0, "content"), *both(range(1, 7))]


def test_the_record_of_a_killed_run_is_completed_as_failed(tmp_path: Path) -> None:
    sink = Recorder()
    logged(tmp_path, sink, range(1, 4), ended=False)
    assert [end.status for end in sink.ends] == ["failed"]
    assert (3, "scalars") in sink.got


@pytest.mark.parametrize("text", ["", "[1]", '{"run": 1, "last": 2}', '{"run": "a"}', "no JSON"])
def test_a_damaged_state_is_no_state(text: str, tmp_path: Path) -> None:
    (tmp_path / "state").write_text(text)
    assert stored(tmp_path / "state") == stored(tmp_path / "missing") == (None, -1)


class Waiter(Observer):
    """Notes which files exist when it is awaited; fails if told to."""

    def __init__(self, fail: bool = False) -> None:
        self._fail = fail

    def __call__(self, iterate: Any) -> None:
        if self._fail:
            raise OSError("broken")

    def wait(self) -> None:
        Path("waited").write_text(" ".join(sorted(path.name for path in Path("run").iterdir())))


@pytest.mark.parametrize("fail", [False, True])
def test_observers_are_awaited_after_the_record(fail: bool, nst: Command) -> None:
    target = f"+observers.mine={{_target_: {__name__}.Waiter, fail: {fail}}}"
    assert nst("observers=quiet", target, "hydra.run.dir=run", "size=48").status == int(fail)
    assert ("result.json" in Path("waited").read_text().split()) is not fail


def test_observers_take_a_list_of_choices(nst: Command) -> None:
    assert nst("observers=[quiet,full]", "hydra.run.dir=run", "size=48").status == 0
    assert list(Path("run").glob("events.*"))


def test_ctrl_c_ends_the_wait_for_an_observer_and_not_the_run() -> None:
    class Slow(Observer):
        def __call__(self, iterate: Iterate) -> None:
            raise NotImplementedError

        def wait(self) -> None:
            raise KeyboardInterrupt

    with awaited([Slow()]):
        pass
