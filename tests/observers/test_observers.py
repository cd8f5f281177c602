"""Output of the observers, read back with the usual tools."""

import csv
import io
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rich.console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from nst import Adam, Features, Gram, Objective, Octaves, Style, TotalVariation, Transfer, stylize
from nst.errors import InputError
from nst.extractor.network import Network
from nst.image.io import read_image
from nst.observers import history
from nst.observers.console import Console, Part, fitted
from nst.observers.contract import Every, RunContext
from nst.observers.history import History
from nst.observers.snapshots import Snapshots
from nst.observers.tensorboard import TensorBoard
from nst.report.pairs import names
from nst.report.runs import find
from nst.runtime.logs import duration, to_console
from nst.settings import flatten
from nst.state import Iterate
from tests.conftest import Outcome, blobs

CONTENT, STYLE = blobs(96, 128, 1), blobs(96, 128, 2)
CONFIG = {"size": 128, "loss": {"style": {"_target_": "x", "weight": 1.5, "layers": ["a", "b"]}}, "threads": None}
RECORD = {
    "status": "done",
    "evaluations": 12,
    "metrics": {"style_distance": 0.25, "content_distance": 0.5, "ssim": None, "network": "x"},
}
STEPS, PYRAMID = 12, Octaves((0.5, 1.0), (1.0, 1.0))


def run_observed(
    network: Network,
    folder: Path,
    *observers: Any,
    record: dict[str, Any] | None = None,
    resume: Iterate | None = None,
    interrupted: Callable[[], bool] = lambda: False,
    config: dict[str, Any] = CONFIG,
) -> Any:
    choices, levels = {"optimizer": "adam", "observers": "full"}, PYRAMID.levels(96, 128, STEPS)
    run = RunContext(
        folder, config, choices, levels, CONTENT, [STYLE], lambda _: {}, lambda picture: 1 - picture, resume
    )
    for observer in observers:
        observer.open(run)
    objective = Objective(Features(), Gram(), TotalVariation())
    transfer = Transfer(CONTENT, [Style(STYLE)], network, objective, Adam(), steps=STEPS, pyramid=PYRAMID)
    result = stylize(transfer, observers=observers, interrupted=interrupted, resume=resume)
    for observer in observers:
        observer.close(record or RECORD)
    return result


def test_history_has_a_row_per_evaluation_and_terms_sum_to_the_total(network: Network, tmp_path: Path) -> None:
    result = run_observed(network, tmp_path, History())
    with (tmp_path / "history.csv").open() as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    assert [row["evaluation"] for row in rows] == list(range(1, STEPS + 1))
    assert {row["level"] for row in rows} == {0, 1}
    assert [row["seconds"] for row in rows] == sorted(row["seconds"] for row in rows)
    for row in rows:
        parts = [value for key, value in row.items() if key.startswith("loss/") and key != "loss/total"]
        assert sum(parts) == pytest.approx(row["loss/total"], rel=1e-5)
    assert rows[-1]["loss/total"] == pytest.approx(float(result.point.total))


def test_history_writes_fewer_rows_with_every(network: Network, tmp_path: Path) -> None:
    run_observed(network, tmp_path, History(every=5))
    with (tmp_path / "history.csv").open() as file:
        assert [int(row["evaluation"]) for row in csv.DictReader(file)] == [1, 5, 10]


def test_snapshots_are_the_intermediate_pictures(network: Network, tmp_path: Path) -> None:
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "99999.png").touch()
    result = run_observed(network, tmp_path, Snapshots(every=6))
    names = sorted(path.name for path in (tmp_path / "snapshots").iterdir())
    assert names == ["00001.png", "00006.png", "00012.png"]
    assert read_image(tmp_path / "snapshots" / names[0]).shape == (1, 48, 64, 3)
    shown = read_image(tmp_path / "snapshots" / names[-1])
    np.testing.assert_allclose(shown, 1 - result.image, atol=0.51 / 255)  # `present` inverts the picture


def test_snapshots_are_off_by_default(network: Network, tmp_path: Path) -> None:
    run_observed(network, tmp_path, Snapshots())
    assert not list(tmp_path.iterdir())


def events(folder: Path) -> EventAccumulator:
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0, "images": 0})
    accumulator.Reload()
    return accumulator


class Last:
    """An observer that keeps the last iterate."""

    seen: Iterate

    def open(self, run: RunContext) -> None:
        """Nothing to open."""

    def __call__(self, iterate: Iterate) -> None:
        self.seen = iterate

    def close(self, record: dict[str, Any]) -> None:
        """Nothing to close."""


@pytest.mark.parametrize(("evaluation", "images"), [(1, 4), (5, 4), (6, 4), (STEPS, 4), (STEPS, 1)])
def test_a_resumed_run_leaves_the_same_files_as_an_uninterrupted_run(
    network: Network, tmp_path: Path, evaluation: int, images: int
) -> None:
    def make_observers() -> list[Any]:
        return [TensorBoard(every=2, images=images), History(every=2), Snapshots(every=3)]

    (tmp_path / "whole").mkdir()
    run_observed(network, tmp_path / "whole", *make_observers())
    stopped, last = tmp_path / "stopped", Last()
    stopped.mkdir()
    ended = {**RECORD, "status": "interrupted", "evaluations": evaluation}
    run_observed(
        network, stopped, *make_observers(), last, record=ended, interrupted=lambda: last.seen.evaluation == evaluation
    )
    run_observed(network, stopped, *make_observers(), resume=last.seen)
    whole = events(tmp_path / "whole")
    for tag in ("image/current", "loss/total", "metric/style_distance"):
        resumed, uninterrupted = ([event.step for event in found.Tensors(tag)] for found in (events(stopped), whole))
        assert resumed == uninterrupted, tag
    for pattern in ("snapshots/*", "*"):
        assert len(list(stopped.glob(pattern))) == len(list((tmp_path / "whole").glob(pattern)))
    resumed, uninterrupted = (history.read(path / history.FILE) for path in (stopped, tmp_path / "whole"))
    assert [row["evaluation"] for row in resumed] == [row["evaluation"] for row in uninterrupted]


def test_tensorboard_has_the_tags_and_the_numbers_of_the_history(network: Network, tmp_path: Path) -> None:
    run_observed(network, tmp_path, TensorBoard(every=1), History())
    found = events(tmp_path)
    tags = set(found.Tags()["tensors"])
    with (tmp_path / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    losses = {key for key in rows[0] if key.startswith(("loss/", "term/"))}
    assert losses | {"image/current", "image/content", "image/style", "config"} <= tags
    assert {"speed/seconds_per_evaluation", "optimizer/gradient_norm"} <= tags
    assert {tag for tag in tags if tag.startswith("metric/")} == {"metric/style_distance", "metric/content_distance"}
    for tag in ("loss/total", "term/style/block3_conv1"):
        written = {event.step: float(make_ndarray(event.tensor_proto)) for event in found.Tensors(tag)}
        assert written == pytest.approx({int(row["evaluation"]): float(row[tag]) for row in rows}, rel=1e-6)


@pytest.mark.parametrize("images", [0, 1, 2, 4])
def test_tensorboard_has_the_given_number_of_pictures(images: int, network: Network, tmp_path: Path) -> None:
    run_observed(network, tmp_path, TensorBoard(images=images))
    found = events(tmp_path)
    count = len(found.Tensors("image/current")) if "image/current" in found.Tags()["tensors"] else 0
    assert count == images
    assert not images or found.Tensors("image/current")[-1].step == STEPS


@pytest.mark.parametrize(("status", "code"), [("done", 1), ("diverged", 2)])
def test_tensorboard_has_the_settings_and_the_final_status(
    status: str, code: int, network: Network, tmp_path: Path
) -> None:
    from tensorboard.plugins.hparams import plugin_data_pb2

    run_observed(network, tmp_path, TensorBoard(), record={**RECORD, "status": status})
    found = {
        tag: plugin_data_pb2.HParamsPluginData.FromString(events(tmp_path).SummaryMetadata(tag).plugin_data.content)
        for tag in events(tmp_path).Tags()["tensors"]
        if tag.startswith("_hparams_")
    }
    started, ended = found["_hparams_/session_start_info"], found["_hparams_/session_end_info"]
    assert started.session_start_info.group_name == tmp_path.name
    assert started.session_start_info.hparams["loss.style.weight"].number_value == 1.5
    assert started.session_start_info.hparams["optimizer"].string_value == "adam"
    assert "observers" not in started.session_start_info.hparams
    assert ended.session_end_info.status == code


def test_tensorboard_filters_by_tags_and_shows_notes(network: Network, tmp_path: Path) -> None:
    from tensorboard.plugins.hparams import plugin_data_pb2

    run_observed(network, tmp_path, TensorBoard(), config={**CONFIG, "tags": ["klimt", "draft"], "notes": "smooth"})
    found = events(tmp_path)
    text = plugin_data_pb2.HParamsPluginData.FromString(
        found.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    )
    assert text.session_start_info.hparams["tags"].string_value == "draft, klimt"
    (notes,) = found.Tensors("notes")
    assert notes.tensor_proto.string_val[0] == b"smooth"


def test_a_second_run_in_the_folder_replaces_the_first(network: Network, tmp_path: Path) -> None:
    for _ in range(2):
        run_observed(network, tmp_path, TensorBoard(every=1), History())
    assert len(events(tmp_path).Tensors("loss/total")) == STEPS
    assert len(list(tmp_path.glob("events.*"))) == 1


def test_flatten_keeps_numbers_and_turns_other_values_into_text() -> None:
    assert flatten(CONFIG) == {
        "size": 128,
        "loss.style.weight": 1.5,
        "loss.style.layers": '["a", "b"]',
        "threads": "null",
    }


def test_the_console_logs_the_progress(
    network: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(logging.getLogger("nst.observers.console"), "info", lambda text, *a: lines.append(text % a))
    to_console()
    run_observed(network, tmp_path, Console(every=1e-9))
    assert len(lines) == STEPS
    assert lines[-1].startswith(f"level 2/2 128x96  step {STEPS}/{STEPS}  loss ")
    assert all(word in lines[-1] for word in ("content", "style", "smooth", "s/evaluation", "about 0 s left"))


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_a_terminal_of_any_width_has_bar_and_time_left_on_one_line(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    screen = io.StringIO()
    terminal = rich.console.Console(file=screen, force_terminal=True, width=width, color_system=None)
    monkeypatch.setattr("nst.observers.console.console", terminal)
    observer = Console()
    run_observed(network, tmp_path, observer, interrupted=lambda: observer._bar is not None and bool(terminal.print()))
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue()))
    assert max(map(len, lines)) <= width
    last = next(line for line in reversed(lines) if "step" in line)
    assert "━" * min(width // 5, 40) in last
    assert "about 0 s left" in last
    assert f"step {STEPS}/{STEPS}" in last
    assert [part in last for part in ("loss", "s/evaluation", "(content")] == [width >= 80, width >= 120, width >= 200]


def test_a_line_that_is_too_short_for_all_parts_loses_the_least_important_ones() -> None:
    parts = [Part("long level", 3), Part("step 1", 2), Part("1 s left", 1)]
    assert fitted(parts) == fitted(parts, 28) == "long level  step 1  1 s left"
    assert fitted(parts, 27) == fitted(parts, 16) == "step 1  1 s left"
    assert fitted(parts, 15) == "1 s left"
    assert fitted(parts, 3) == ""


def test_every_is_true_once_per_interval_for_any_stride() -> None:
    due = Every(10)
    assert [n for n in range(1, 40, 3) if due(n)] == [1, 10, 22, 31]
    assert not any(Every(0)(n) for n in range(5))


@pytest.mark.parametrize(("seconds", "text"), [(12.4, "12 s"), (99, "99 s"), (150, "2 min"), (7500, "2 h 5 min")])
def test_duration_has_a_suitable_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: History(every=0), "history.every must be at least 1"),
        (lambda: Snapshots(every=-1), "snapshots.every must be at least 0"),
        (lambda: TensorBoard(every=0), "tensorboard.every must be at least 1"),
        (lambda: TensorBoard(images=-1), "tensorboard.images must be at least 0"),
        (lambda: Console(every=0), "console.every must be above 0"),
    ],
)
def test_bad_settings_are_refused(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_tensorboards_last_picture_is_the_runs_result(network: Network, tmp_path: Path) -> None:
    import tensorflow as tf

    result = run_observed(network, tmp_path, TensorBoard(images=12))
    encoded = events(tmp_path).Tensors("image/current")[-1].tensor_proto.string_val[2]
    shown = tf.io.decode_png(encoded).numpy()
    np.testing.assert_allclose(shown / 255, 1 - result.image[0], atol=1 / 255)  # `present` inverts the picture


def test_event_files_and_pictures_of_others_are_left_alone(nst: Callable[..., Outcome]) -> None:
    others = [Path("here") / name for name in ("events.out.tfevents.1.mine", "snapshots/00020.png")]
    for other in others:
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_text("mine")
    for seed in range(2):  # the second run replaces the first one's event file, whose folder has no record now
        assert nst("hydra.run.dir=here", f"seed={seed}", "init=noise").status == 0
        Path("here/result.json").unlink()
    assert [other.read_text() for other in others] == ["mine", "mine"]
    assert len(list(Path("here").glob("events.out.tfevents.*.nst"))) == 1


def test_tensorboard_and_report_name_the_pictures_of_a_person_not_the_groups_choices(
    nst: Callable[..., Outcome],
) -> None:
    from tensorboard.plugins.hparams import plugin_data_pb2

    assert nst("hydra.run.dir=here").status == 0
    found = events(Path("here"))
    data = found.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    knobs = plugin_data_pb2.HParamsPluginData.FromString(data).session_start_info.hparams
    assert [knobs[role].string_value for role in ("content", "style")] == ["content", "style"]
    (run,), _ = find([Path("here")])
    assert [run.settings[role] for role in ("content", "style")] == ["content", "style"]
    assert list(names([run]).values()) == ["content x style"]
    assert run.record["choices"]["content"] == "harbor", "the record has the chosen files"
