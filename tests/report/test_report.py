"""The report of folders of runs: the runs it finds, its messages, and its files."""

import csv
import io
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from nst import settings
from nst.assets.cache import sha256
from nst.cli import sweep
from nst.report import pareto, sheet, table, terminal
from nst.report.__main__ import main
from nst.report.findings import find as compare
from nst.report.page import commands, curves
from nst.report.runs import Run, find
from nst.report.write import report
from nst.runner.folder import RunFolder
from tests.conftest import ROOT, Outcome
from tests.report import made_up

Command = Callable[..., Outcome]
CONTENT = ROOT / "nst/bundled/pictures/harbor.jpg"
STYLES = ("ink", "mosaic", "composition", "great_wave")
METRICS = {"ssim": 0.5, "network": "vgg19_slim", "style_layers": ["block1_conv1"], "content_layer": "block4_conv2"}


def make_run(folder: Path, **about: Any) -> Path:
    """Write a run folder like those of nst."""
    folder.mkdir(parents=True)
    weight, optimizer = about.get("weight", 1.0), about.get("optimizer", "lbfgs")
    config = {"loss": {"style": {"_target_": "x", "weight": weight}}, "optimizer": {"box": True}, "size": 64}
    config |= {"score": about.get("score", ["style_distance"]), "seed": about.get("seed", 0)}
    config |= {key: about[key] for key in ("tags", "notes", "baseline", "pair") if key in about}
    overrides = [f"loss.style.weight={weight}", f"optimizer={optimizer}"]
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "overrides.yaml").write_text(yaml.safe_dump(overrides))
    rows = [f"0,{step},{step / 10},1.0,{10 / step},{4 / step},{6 / step}\n" for step in range(1, 301)]
    head = "level,evaluation,seconds,gradient_norm,loss/total,loss/content/block4_conv2,loss/style/block1_conv1\n"
    (folder / "history.csv").write_text(head + "".join(rows))
    if about.get("status", "done") in ("running", "unfinished"):
        return folder
    style, content = about.get("distances", (0.5, 0.5))
    record = {
        "status": about.get("status", "done"),
        "error": about.get("error"),
        "overrides": overrides,
        "choices": {"optimizer": optimizer},
        "metrics": {**METRICS, "style_distance": style, "content_distance": content, **about.get("metrics", {})},
        "loss": 1.5,
        "weighted": {"style": {"block1_conv1": 1.0}},
        "canonical": {"style": {"block1_conv1": 0.1}},
        "seconds": 12.0,
        "evaluations": 300,
        "started": "2026-01-01T00:00:00+00:00",
        "provenance": {"pictures": {"content": {"name": "cat", "sha256": sha256(CONTENT), "path": str(CONTENT)}}},
    }
    if "style" in about:
        picture = CONTENT.with_name(f"{about['style']}.jpg")
        record["provenance"]["pictures"]["style"] = {
            "name": about["style"],
            "sha256": sha256(picture),
            "path": str(picture),
        }
    if record["status"] == "failed":
        del record["metrics"], record["provenance"]
    else:
        Image.new("RGB", (80, 60), about.get("color", "teal")).save(folder / "result.png")
    (folder / "result.json").write_text(json.dumps(record))
    return folder


def grid(
    top: Path,
    weights: Sequence[float] = (5, 50, 500),
    optimizers: Sequence[str] = ("adam", "lbfgs"),
    shift: float = 0,
    **about: Any,
) -> None:
    for place, (weight, optimizer) in enumerate(itertools.product(weights, optimizers)):
        make_run(
            top / f"style.weight={weight},optimizer={optimizer}",
            weight=weight,
            optimizer=optimizer,
            distances=(1 / weight + shift, weight / 500 + place % 2),
            **about,
        )


def suite(top: Path, weights: Sequence[float] = (5, 50), styles: Sequence[str] = STYLES, **about: Any) -> None:
    """A sweep over pairs, in which a larger weight has a smaller style distance and a larger content distance."""
    for place, style in enumerate(styles):
        for weight in weights:
            distances = ((place + 1) / weight, (place + 1) * weight / 500)
            make_run(top / f"{style},weight={weight}", weight=weight, style=style, distances=distances, **about)


class TestFind:
    def test_runs_at_any_depth_are_found_in_numeric_order(self, tmp_path: Path) -> None:
        for weight in (100, 5, 20.5):
            make_run(tmp_path / "a" / "b" / f"weight={weight}")
        make_run(tmp_path / "single")
        runs, problems = find([tmp_path])
        assert [run.name for run in runs] == ["a/b/weight=5", "a/b/weight=20.5", "a/b/weight=100", "single"]
        assert problems == []

    def test_a_run_given_several_times_is_found_once(self, tmp_path: Path) -> None:
        folder = make_run(tmp_path / "one")
        runs, _ = find([folder, tmp_path, folder])
        assert [run.folder for run in runs] == [folder.resolve()]

    def test_each_bad_folder_is_a_problem_and_good_runs_are_found(self, tmp_path: Path) -> None:
        make_run(tmp_path / "good")
        (make_run(tmp_path / "torn") / "result.json").write_text('{"status": "do')
        (tmp_path / "empty").mkdir()
        runs, problems = find([tmp_path / "good", tmp_path / "torn", tmp_path / "empty", tmp_path / "nowhere"])
        assert [run.name for run in runs] == ["good"]
        assert len(problems) == 3
        for words in ("torn", "empty: no run in it", "nowhere: there is no such folder"):
            assert any(words in line for line in problems)
        assert all("\n" not in line for line in problems)

    def test_a_run_without_a_record_is_unfinished_or_running(self, tmp_path: Path) -> None:
        folder = make_run(tmp_path / "half", status="unfinished")
        assert find([tmp_path])[0][0].status == "unfinished"
        with RunFolder(folder):
            assert find([tmp_path])[0][0].status == "running"

    @pytest.mark.parametrize(
        "record",
        [
            {"answer": 42},
            [],
            {"status": "done", "provenance": None},
            {"status": "done", "metrics": [1]},
            {"status": "done", "weighted": {"style": 1}},
            {"status": "done", "provenance": {"pictures": {"content": "cat"}}},
        ],
    )
    def test_an_invalid_record_is_a_problem_and_good_runs_are_found(self, tmp_path: Path, record: Any) -> None:
        make_run(tmp_path / "good")
        folder = make_run(tmp_path / "odd")
        (folder / "result.json").write_text(json.dumps(record))
        runs, problems = find([tmp_path])
        assert [run.name for run in runs] == ["good"]
        assert len(problems) == 1
        assert "odd" in problems[0]

    def test_texts_that_nst_would_refuse_are_cut(self, tmp_path: Path) -> None:
        folder = make_run(tmp_path / "long")
        tags = ["t" * 100, *range(100)]
        (folder / "config.yaml").write_text(yaml.safe_dump({"tags": tags, "notes": "n" * 9999, "baseline": "b" * 9999}))
        (run,) = find([tmp_path])[0]
        assert (len(run.notes), len(run.baseline), len(run.tags), len(run.tags[0])) == (4096, 4096, 64, 64)

    def test_a_date_in_a_config_is_a_setting(self, tmp_path: Path) -> None:
        folder = make_run(tmp_path / "dated")
        (folder / "config.yaml").write_text("when: 2026-01-01\n")
        assert find([tmp_path])[0][0].settings["when"] == "2026-01-01"


def test_the_command_of_a_single_run_has_nothing_that_is_only_for_a_sweep() -> None:
    of_a_sweep = ["replicates=2", "ablate=[init=noise]", "baseline=base", "+pairs.a=1", "sweep_dir=x"]
    single = replace(made_up.run(("cat", "ink"), 1.0, steps=9), folder=Path("runs/a"))
    swept = replace(single, overrides=[*single.overrides, *of_a_sweep])
    assert commands(swept) == commands(single)
    assert commands(single)[1] == "python -m nst.run content=cat style=ink steps=9"
    of_a_suite = replace(
        swept, settings={**swept.settings, "pair": "cat_ink"}, overrides=["suite=quick", "pair=cat_ink"]
    )
    assert commands(of_a_suite) == ["python -m nst.repeat runs/a"]
    assert not {"replicates", "ablate", "baseline", "pairs.a", "sweep_dir", "suite"} & set(table.rows([swept])[0])


class TestSettings:
    def test_varied_settings_are_overridden_and_differ(self) -> None:
        one = (["a=1", "b=2", "+c.d=x"], {"a": 1, "b": 2, "c.d": "x", "e": 1})
        other = (["a=2", "b=2"], {"a": 2, "b": 2, "e": 9})
        assert settings.varied([one, other]) == ["a", "c.d"]

    def test_without_overrides_every_setting_that_differs_is_varied(self) -> None:
        assert settings.varied([([], {"a": 1, "b": 1}), ([], {"a": 1, "b": 2})]) == ["b"]
        assert settings.varied([([], {"a": 1})]) == []

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (0.05, "0.05"),
            (1e-7, "1e-07"),
            (True, "true"),
            (None, "-"),
            ("/a/klimt.jpg", "klimt"),
            ("me.JPG", "me"),
            ("C:\\a\\my photo.jpg", "my photo"),
            ("https://example.org/a/klimt.jpg?***", "klimt"),
            ('["a/klimt.jpg","ink"]', "klimt, ink"),
            ("block1_conv1", "block1_conv1"),
            ('["x","y"]', "x, y"),
        ],
    )
    def test_values_are_displayed_in_short_form(self, value: Any, text: str) -> None:
        assert settings.displayed(value) == text

    def test_a_picture_given_by_itself_replaces_the_name_of_the_choice(self) -> None:
        choices = {"content": "harbor", "style": "ink", "optimizer": "adam"}
        config = {"content": {"image": "x/me.jpg"}, "style": {"image": "klimt.jpg"}, "pair": None}
        assert settings.chosen(config, choices, ["size=64"]) == choices, "as in a config of a person's own"
        assert settings.chosen(config, choices, ["content.image=x/me.jpg"]) == {**choices, "content": "me"}
        by_pair = settings.chosen({**config, "pair": "near"}, choices, [])
        assert by_pair == {**choices, "content": "me", "style": "klimt"}
        assert settings.chosen({}, {}, ["content.image=x"]) == {}

    @pytest.mark.parametrize(
        ("values", "texts"),
        [
            (["x/a.jpg", "y/b.jpg", "cat"], ["a", "b", "cat"]),
            (["x/a.jpg", "y/a.jpg", "b.jpg"], ["x/a", "y/a", "b"]),
            (["a.jpg", "a.png"], ["a.jpg", "a.png"]),
            (["x/a.jpg", "y/a.jpg", "y/a.png"], ["x/a.jpg", "y/a.jpg", "y/a.png"]),
            (["a.jpg", "x/a.jpg", "/z/x/a.jpg"], ["a", "x/a", "z/x/a"]),
            (["a.jpg#sha256=1", "a.jpg#sha256=2"], ["a.jpg#sha256=1", "a.jpg#sha256=2"]),
            (["https://u.org/a.jpg", "https://v.org/a.jpg"], ["u.org/a", "v.org/a"]),
            ([1.0, 1.0000001, None, True], ["1.0", "1.0000001", "-", "1.0"]),
            (['["a","b","c","d"]', '["a","c","b","d"]'], ['["a","b","c","d"]', '["a","c","b","d"]']),
        ],
    )
    def test_different_values_have_different_texts(self, values: list[Any], texts: list[str]) -> None:
        labels = settings.labels(values)
        assert [labels[value] for value in values] == texts


class TestPareto:
    def naive(self, runs: Sequence[Run], axes: Sequence[str]) -> set[Run]:
        """By definition: no other run is at least as good in all metrics and better in one."""

        def at(run: Run) -> tuple[float, ...]:
            return tuple(float(run.figure(axis) or 0) * (-1 if axis == "ssim" else 1) for axis in axes)

        def dominates(one: Run, other: Run) -> bool:
            return at(one) != at(other) and all(a <= b for a, b in zip(at(one), at(other), strict=True))

        return {run for run in runs if not any(dominates(other, run) for other in runs)}

    def test_the_front_equals_its_definition(self, tmp_path: Path, rng: np.random.Generator) -> None:
        for index, distances in enumerate(rng.integers(0, 6, (30, 2)) / 6):
            make_run(tmp_path / str(index), weight=index, distances=tuple(distances))
        runs, _ = find([tmp_path])
        assert pareto.front(runs) == self.naive(runs, ["style_distance", "content_distance"])

    @pytest.mark.parametrize("score", [["ssim", "content_distance"], ["style_distance", "content_distance", "ssim"]])
    def test_the_front_uses_the_metrics_of_the_score(
        self, tmp_path: Path, rng: np.random.Generator, score: list[str]
    ) -> None:
        for index, (*distances, ssim) in enumerate(rng.integers(0, 6, (30, 3)) / 6):
            make_run(
                tmp_path / str(index), weight=index, distances=tuple(distances), metrics={"ssim": ssim}, score=score
            )
        runs, _ = find([tmp_path])
        assert pareto.axes(runs) == tuple(score)
        assert pareto.front(runs) == self.naive(runs, score)

    def test_runs_with_another_metric_network_or_not_done_are_excluded(self, tmp_path: Path) -> None:
        make_run(tmp_path / "best", weight=1, distances=(0.1, 0.1))
        make_run(tmp_path / "worse", weight=2, distances=(0.2, 0.2))
        make_run(tmp_path / "other", weight=3, distances=(0.9, 0.9), metrics={"network": "vgg19"})
        make_run(tmp_path / "stopped", weight=4, distances=(0.01, 0.01), status="interrupted")
        assert {run.name for run in pareto.front(find([tmp_path])[0])} == {"best"}

    def test_seeds_do_not_compete(self, tmp_path: Path) -> None:
        for seed, distance in enumerate((0.1, 0.9)):
            make_run(tmp_path / f"lucky{seed}", weight=1, seed=seed, distances=(distance, distance))
            make_run(tmp_path / f"steady{seed}", weight=2, seed=seed, distances=(0.4, 0.4))
        assert {run.name for run in pareto.front(find([tmp_path])[0])} == {"steady0", "steady1"}


class TestTable:
    def test_the_csv_has_every_run_setting_and_metric(self, tmp_path: Path) -> None:
        grid(tmp_path)
        make_run(tmp_path / "failed", weight=-1, status="failed", error='weight must be at least 0, "not" -1')
        runs, _ = find([tmp_path])
        rows = list(csv.DictReader(io.StringIO(table.as_csv(runs), newline="")))
        assert len(rows) == 7
        by_name = {row["run"]: row for row in rows}
        assert by_name["failed"]["error"] == 'weight must be at least 0, "not" -1'
        row = by_name["style.weight=50,optimizer=adam"]
        assert (float(row["loss.style.weight"]), row["optimizer"], float(row["style_distance"])) == (50, "adam", 0.02)
        assert (float(row["loss/style/block1_conv1"]), float(row["seconds"])) == (1.0, 12.0)

    def test_the_terminal_table_shows_varied_settings_and_errors(self, tmp_path: Path) -> None:
        grid(tmp_path)
        make_run(tmp_path / "failed", weight=-1, status="failed", error="[bold]no markup[/bold]")
        console = Console(file=io.StringIO(), width=200)
        terminal.show(runs := find([tmp_path])[0], compare(runs)[0], console)
        text = console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
        assert all(word in text for word in ("style.weight", "optimizer", "adam", "500", "failed"))
        assert terminal.failures(find([tmp_path])[0]) == ["failed: failed, [bold]no markup[/bold]"]

    def test_the_terminal_shows_settings_if_they_can_be_compared(self, tmp_path: Path) -> None:
        suite(tmp_path, tags=["draft", "klimt"], notes="why")
        console = Console(file=io.StringIO(), width=200)
        terminal.show(runs := find([tmp_path])[0], compare(runs)[0], console)
        text = console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
        (line,) = [line for line in text.splitlines() if line.startswith("style.weight=50 ")]
        assert " ± " in line
        assert "mosaic" not in text
        assert all(word in text for word in ("Means over 4 pairs", "needs 7", "tags: draft, klimt", "why"))

    @pytest.mark.parametrize("width", [80, 120])
    @pytest.mark.parametrize(
        "given",
        [
            {"content__image": [f"/data/on_holiday_in_the_mountains_of_the_moon_{k}_edited.jpg" for k in (7, 8, 9)]},
            {"optimizer": "abc", "loss__style__normalizer": "def", "optimizer__learning_rate": "ghi", "pyramid": "jkl"},
            {"tags": [("a",), ("b",), ("c",)], "loss__style__layers": ["x" * 40, "y" * 80, "z"]},
            {},
        ],
        ids=["pictures", "settings", "tags", "names"],
    )
    def test_a_narrow_terminal_shows_every_figure_and_status_and_what_tells_runs_apart(
        self, width: int, given: dict[str, Sequence[Any]]
    ) -> None:
        statuses = ("done", "interrupted", "diverged")
        values = [{key: each[place] for key, each in given.items()} for place in range(3)]
        runs = [
            made_up.run(("cat", "ink"), 0.1, **own, status=status) for own, status in zip(values, statuses, strict=True)
        ]
        for place, run in enumerate(runs):
            run.settings.update(
                {key.replace("__", "."): value for key, value in values[place].items() if key != "tags"}
            )
        if not given:
            runs = [replace(run, name=f"2026-11-30_2{k}_harbor_of_a_small_town_klimt") for k, run in enumerate(runs)]
        console = Console(file=io.StringIO(), width=width)
        terminal.show(runs, None, console)
        text = console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
        assert max(map(len, text.splitlines())) <= width
        lines = [line for line in text.splitlines() if line.rstrip().endswith(statuses)]
        assert [line.split()[-1] for line in lines] == list(statuses)
        assert all("0.1000 1.0000 0.5000 1.0000" in " ".join(line.split()) for line in lines)
        assert "setting" in text or len({line.partition(" 0.1000")[0] for line in lines}) == 3

    @pytest.mark.parametrize(
        ("texts", "short"),
        [
            (["trip_to_rome_001", "trip_to_rome_002"], ["…001", "…002"]),
            (["2026-01_5_me_klimt", "2026-01_66_me_klimt"], ["…5…", "…66…"]),
            (["a_1", "a_2"], ["a_1", "a_2"]),
            (["same name", "same name"], ["same name", "same name"]),
            (["one_two_three", "one_two"], ["…_three", "…"]),
            (["one"], ["one"]),
        ],
    )
    def test_what_names_have_in_common_is_left_out(self, texts: list[str], short: list[str]) -> None:
        assert terminal.without_common(texts) == short

    def test_a_comparison_on_a_narrow_terminal_has_means_and_marks(self, tmp_path: Path) -> None:
        suite(tmp_path)
        runs = find([tmp_path])[0]
        for width, heads in ((96, ["difference", "time"]), (84, ["difference"]), (61, ["time"]), (49, [])):
            console = Console(file=io.StringIO(), width=width)
            terminal.show(runs, compare(runs)[0], console)
            text = console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
            (line,) = [line for line in text.splitlines() if line.startswith("style.weight=50 ")]
            assert " ± " in line
            assert [head for head in ("difference", "time") if head in text.splitlines()[0]] == heads
            assert max(map(len, text.splitlines())) <= width

    def test_tags_that_differ_have_a_column(self, tmp_path: Path) -> None:
        make_run(tmp_path / "a", weight=1, tags=["old", "klimt"])
        make_run(tmp_path / "b", weight=2, tags=["new", "klimt"], notes="two\nlines")
        console = Console(file=io.StringIO(), width=200)
        terminal.show(runs := find([tmp_path])[0], compare(runs)[0], console)
        text = console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
        assert all(word in text for word in ("old, klimt", "new, klimt", "tags: klimt", "two lines"))

    def test_the_csv_has_setting_pair_seed_tags_and_notes(self, tmp_path: Path) -> None:
        suite(tmp_path, seed=3, tags=["a", "b"], notes="why", pair=None)
        row = next(csv.DictReader(io.StringIO(table.as_csv(find([tmp_path])[0]), newline="")))
        about = {key: row[key] for key in ("setting", "pair", "seed", "tags", "notes")}
        assert about == {
            "setting": "style.weight=5",
            "pair": "cat x composition",
            "seed": "3",
            "tags": "a, b",
            "notes": "why",
        }

    @pytest.mark.parametrize("about", [{"tags": "text"}, {"tags": [1, None, {}]}, {"notes": [1]}, {"baseline": {}}])
    def test_tags_and_notes_that_nst_does_not_write_do_not_matter(self, tmp_path: Path, about: dict[str, Any]) -> None:
        suite(tmp_path, **about)
        assert table.rows(find([tmp_path])[0])
        assert report([tmp_path]).compared


class TestSheet:
    def compose(self, folder: Path) -> tuple[Image.Image, list[Run]]:
        runs, _ = find([folder])
        return sheet.compose(runs, {str(run.folder): run.picture for run in runs if run.picture}), runs

    @pytest.mark.parametrize("weights", [(5, 50), (1, 2, 3, 4, 5, 6, 7)])
    def test_settings_and_pairs_make_a_grid_with_the_first_seeds(
        self, tmp_path: Path, weights: Sequence[float]
    ) -> None:
        colors = {}
        for row, style in enumerate(STYLES):
            for column, weight in enumerate(weights):
                for seed in range(2):
                    color = (30 * column + 20, 50 * row + 10, 120 * seed)
                    colors[row, column, seed] = color
                    make_run(tmp_path / f"{row},{column},{seed}", weight=weight, style=style, seed=seed, color=color)
        runs, _ = find([tmp_path])
        thumbs = {str(run.folder): run.picture for run in runs if run.picture}
        drawn = np.asarray(sheet.compose(runs, thumbs, compare(runs)[0]))
        places = {place: np.argwhere((drawn == color).all(-1)) for place, color in colors.items()}
        assert all(bool(len(found)) == (seed == 0) for (*_, seed), found in places.items())
        settings_down = len(STYLES) > len(weights)
        for (row, _, seed), found in places.items():
            if seed == 0:
                y, x = found.mean(0)
                first_y, first_x = places[row, 0, 0].mean(0)
                assert (x if settings_down else y) == pytest.approx(first_x if settings_down else first_y)

    def test_a_grid_of_settings_and_pairs_has_the_runs_that_failed_in_their_places(self) -> None:
        runs = [made_up.run(pair, 1.0, weight=weight) for weight in (4, 8) for pair in made_up.PAIRS]
        runs[1] = replace(runs[1], status="failed", record={**runs[1].record, "error": "no memory"})
        runs[2].record["metrics"]["network"] = "another"
        runs += [made_up.run(pair, None, weight=16, status="failed") for pair in made_up.PAIRS]
        runs += [made_up.run(pair, 1.0, weight=4, seed=1) for pair in made_up.PAIRS[:1]]
        findings, problems = compare(
            [*runs, *(made_up.run((f"c{i}", "s"), 1.0, weight=w) for i in (1, 2) for w in (4, 8))]
        )
        assert findings
        layout = sheet.arrange(runs, ["weight"], {}, 0, findings)
        assert [label.text for label in layout.columns] == ["weight=4", "weight=8", "weight=16"]
        assert [[cell and cell.run.status for cell in row] for row in layout.rows] == [
            ["done", "done", "failed"],
            ["failed", "done", "failed"],
            ["done", "done", "failed"],
        ]
        assert [bool(row[0] and row[0].figures) for row in layout.rows] == [True, False, False]
        assert layout.rows[0][0]
        assert layout.rows[0][0].run is runs[0]
        assert set(problems) < set(layout.below)

    def test_tags_and_notes_are_below_the_pictures(self, tmp_path: Path) -> None:
        make_run(tmp_path / "a", weight=1)
        make_run(tmp_path / "b", weight=2)
        plain, runs = self.compose(tmp_path)
        noted = [replace(run, tags=("x",), notes="word " * 80) for run in runs]
        drawn = sheet.compose(noted, {str(run.folder): run.picture for run in runs if run.picture})
        assert drawn.width == plain.width
        assert drawn.height > plain.height

    def test_a_grid_that_would_be_mostly_empty_is_not_used(self, tmp_path: Path) -> None:
        for index in range(30):
            make_run(tmp_path / f"run{index}", weight=float(index), optimizer=f"o{index}")
        drawn = self.compose(tmp_path)[0]
        assert drawn.width * drawn.height < 30 * 500 * 500

    def test_two_varied_settings_make_an_ordered_grid(self, tmp_path: Path) -> None:
        colors = {}
        for row, optimizer in enumerate(("adam", "lbfgs")):
            for column, weight in enumerate((5, 50, 500)):
                colors[row, column] = color = (40 * column + 50, 100 * row + 50, 10)
                make_run(tmp_path / f"{optimizer}{weight}", weight=weight, optimizer=optimizer, color=color)
        drawn = np.asarray(self.compose(tmp_path)[0])
        places = {place: np.argwhere((drawn == color).all(-1)).mean(0) for place, color in colors.items()}
        for (row, column), (y, x) in places.items():
            assert y == pytest.approx(places[row, 0][0])
            assert x == pytest.approx(places[0, column][1])
        assert places[0, 0][1] < places[0, 1][1] < places[0, 2][1]
        assert places[0, 0][0] < places[1, 0][0]

    @pytest.mark.parametrize("count", [1, 2, 7, 40, 150])
    def test_every_run_is_on_the_sheet(self, tmp_path: Path, count: int) -> None:
        colors = [(index % 256, 100 + index // 256, 200) for index in range(count)]
        for index, color in enumerate(colors):
            make_run(tmp_path / str(index), weight=index, color=color)
        drawn = self.compose(tmp_path)[0]
        seen = {color for _, color in drawn.convert("RGB").getcolors(2**24) or []}
        assert seen >= set(colors)
        assert drawn.width <= 4200

    def test_a_failed_run_is_marked_and_keeps_its_place(self, tmp_path: Path) -> None:
        grid(tmp_path, weights=(5, 50))
        whole, _ = self.compose(tmp_path)
        broken = tmp_path / "style.weight=5,optimizer=adam"
        (broken / "result.png").unlink()
        record = json.loads((broken / "result.json").read_text()) | {"status": "failed", "error": "why"}
        (broken / "result.json").write_text(json.dumps(record))
        marked, _ = self.compose(tmp_path)
        assert marked.size == whole.size
        assert (np.asarray(marked) == Image.new("RGB", (1, 1), sheet.FAILED).getpixel((0, 0))).all(-1).any()


class TestReport:
    def test_the_command_writes_all_files_without_tensorflow_and_hydra(self, tmp_path: Path) -> None:
        grid(tmp_path / "sweep")
        script = (
            "import sys; from nst.report.__main__ import main; status = main(sys.argv[1:]);"
            "assert not {'tensorflow', 'hydra'} & set(sys.modules), 'imported'; sys.exit(status)"
        )
        command = [sys.executable, "-c", script, str(tmp_path / "sweep")]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        names = {path.name for path in (tmp_path / "sweep/report").iterdir()}
        page = {part.name for part in (ROOT / "nst/report/static").iterdir()} | {"data.js", "curves", "pictures"}
        assert names == page | {"sheet.png", "summary.csv", "tensorboard", ".lock"}

    def test_every_file_that_the_page_uses_exists(self, tmp_path: Path) -> None:
        grid(tmp_path / "sweep")
        written = report([tmp_path / "sweep"])
        data = read_data(written.folder)
        assert len(data["runs"]) == 6
        for run in data["runs"]:
            assert (written.folder / run["small"]).is_file()
            assert (written.folder / run["large"]).is_file()
            assert f'"{run["id"]}"' in (written.folder / run["curves"]).read_text()

    def test_a_second_report_keeps_unchanged_pictures_and_deletes_outdated_ones(self, tmp_path: Path) -> None:
        grid(tmp_path / "sweep")
        pictures = report([tmp_path / "sweep"]).folder / "pictures"
        before = {path.name: path.stat().st_mtime_ns for path in pictures.iterdir()}
        (tmp_path / "sweep/style.weight=5,optimizer=adam/result.png").unlink()
        report([tmp_path / "sweep"])
        after = {path.name: path.stat().st_mtime_ns for path in pictures.iterdir()}
        assert len(after) == len(before) - 2
        assert after.items() <= before.items()

    def test_each_problem_gives_one_line(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        grid(tmp_path / "sweep")
        broken = make_run(tmp_path / "sweep" / "broken")
        (broken / "result.png").write_bytes(b"\x89PNG no more")
        make_run(tmp_path / "sweep" / "half", status="unfinished")
        (tmp_path / "notes").mkdir()
        assert main([str(tmp_path / "sweep"), str(tmp_path / "notes"), "--out", str(tmp_path / "out")]) == 0
        output = capsys.readouterr()
        assert output.out.startswith("8 runs")
        lines = output.err.splitlines()
        assert len(lines) == 2
        assert any("notes: no run in it" in line for line in lines)
        assert any("result.png: the picture is broken" in line for line in lines)

    def test_foreign_files_in_the_report_folder_are_kept(self, tmp_path: Path) -> None:
        grid(tmp_path / "sweep")
        foreign = [tmp_path / "sweep/report" / name for name in ("pictures/mine.jpg", "curves/mine.csv", "mine.txt")]
        for path in foreign:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("mine")
        report([tmp_path / "sweep"])
        assert all(path.read_text() == "mine" for path in foreign)

    def test_a_missing_folder_does_not_change_where_the_report_is_written(self, tmp_path: Path) -> None:
        grid(tmp_path / "sweep")
        written = report([tmp_path / "sweep", Path("/nowhere/at/all")])
        assert written.folder == tmp_path / "sweep/report"
        assert len(written.problems) == 1

    def test_two_reports_at_once_are_both_complete(self, tmp_path: Path) -> None:
        grid(tmp_path / "sweep")
        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(report, [[tmp_path / "sweep"]] * 2))
        assert [len(written.problems) for written in both] == [0, 0]
        assert len(read_data(both[0].folder)["runs"]) == 6

    def test_a_sweep_over_pairs_has_a_comparison_and_later_none_if_there_is_none(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        suite(tmp_path / "sweep")
        assert main([str(tmp_path / "sweep")]) == 0
        assert "comparison.csv" in capsys.readouterr().out
        written = {path.name: path.read_bytes() for path in (tmp_path / "sweep/report").glob("comparison.*")}
        assert set(written) == {"comparison.csv", "comparison.md", "comparison.tex"}
        main([str(tmp_path / "sweep")])
        assert {path.name: path.read_bytes() for path in (tmp_path / "sweep/report").glob("comparison.*")} == written
        for style in STYLES[1:]:
            for weight in (5, 50):
                shutil.rmtree(tmp_path / f"sweep/{style},weight={weight}")
        assert main([str(tmp_path / "sweep")]) == 0
        assert not list((tmp_path / "sweep/report").glob("comparison.*"))

    def test_the_baseline_of_the_command_or_of_the_runs(self, tmp_path: Path) -> None:
        suite(tmp_path, baseline="loss.style.weight=50")
        for asked, found in ((None, "style.weight=50"), ("loss.style.weight=5", "style.weight=5")):
            text = (report([tmp_path], baseline=asked).folder / "comparison.csv").read_text()
            assert {row["baseline"] for row in csv.DictReader(io.StringIO(text))} == {found}

    @pytest.mark.parametrize(
        ("weights", "styles", "baseline", "message"),
        [
            ((5, 50), STYLES, "loss.style.weight=51", "did you mean 'style.weight=5'"),
            ((5,), STYLES, "base", "at least 2 settings"),
            ((5, 50), STYLES[:1], "loss.style.weight=5", "2 pairs"),
        ],
    )
    def test_a_baseline_without_a_comparison_gives_one_line_and_writes_nothing(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], weights: Any, styles: Any, baseline: str, message: str
    ) -> None:
        suite(tmp_path, weights, styles)
        assert main([str(tmp_path), "--baseline", baseline]) == 2
        errors = capsys.readouterr().err
        assert errors.count("\n") == 1
        assert message in errors
        assert not (tmp_path / "report").exists()

    @pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@x"])
    def test_a_run_name_in_the_csv_is_not_a_spreadsheet_formula(self, tmp_path: Path, name: str) -> None:
        make_run(tmp_path / name)
        make_run(tmp_path / "other")
        folder = report([tmp_path]).folder
        with (folder / "summary.csv").open(newline="") as file:
            names = [row["run"] for row in csv.DictReader(file)]
        assert f"'{name}" in names
        assert name not in names

    def test_a_run_name_that_is_not_utf_8_is_in_the_report(self, tmp_path: Path) -> None:
        make_run(tmp_path / os.fsdecode(b"gr\xf6n"))
        make_run(tmp_path / "other")
        assert len(read_data(report([tmp_path]).folder)["runs"]) == 2

    def test_a_folder_without_runs_gives_exit_status_2(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main([str(tmp_path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_cannot_be_written_gives_one_line(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        grid(tmp_path / "sweep")
        (tmp_path / "sweep/report").write_text("in the way")
        assert main([str(tmp_path / "sweep")]) == 2
        assert capsys.readouterr().err.count("\n") == 1

    def test_tensorboard_gets_the_sheet_once(self, tmp_path: Path) -> None:
        grid(tmp_path / "sweep")
        report([tmp_path / "sweep"])
        folder = report([tmp_path / "sweep"]).folder
        events = EventAccumulator(str(folder / "tensorboard")).Reload()
        (shown,) = events.Images("sheet")
        with Image.open(io.BytesIO(shown.encoded_image_string)) as picture, Image.open(folder / "sheet.png") as written:
            assert picture.size == written.size

    def test_run_data_cannot_end_its_script(self, tmp_path: Path) -> None:
        make_run(tmp_path / "a", optimizer="</script><script>alert(1)</script>")
        make_run(tmp_path / "b", optimizer="\u2028<!--")
        folder = report([tmp_path]).folder
        text = (folder / "data.js").read_text()
        assert not any(mark in text for mark in ("<", "\u2028"))
        assert {run["settings"]["optimizer"] for run in read_data(folder)["runs"]} == {
            "</script><script>alert(1)</script>",
            "\u2028<!--",
        }


def read_data(folder: Path) -> dict[str, Any]:
    text = (folder / "data.js").read_text()
    return json.loads(text.removeprefix("NST.data = ").removesuffix(";\n"))


def test_curves_keep_their_first_and_last_points_and_their_sum(tmp_path: Path) -> None:
    found = curves(make_run(tmp_path / "run") / "history.csv")
    assert (found["evaluation"][0], found["evaluation"][-1]) == (1, 300)
    assert len(found["evaluation"]) <= 120
    np.testing.assert_allclose(found["total"], np.add(found["content"], found["style"]), rtol=1e-3)


@pytest.mark.parametrize("text", ["", "level,evaluation\n", "no history\n1,2,3\n", "level,evaluation,loss/total\n0,1"])
def test_a_broken_history_has_no_curves(tmp_path: Path, text: str) -> None:
    (tmp_path / "history.csv").write_text(text)
    assert not curves(tmp_path / "history.csv").get("total")


@pytest.mark.parametrize(
    ("asked", "used"), [(None, 5), ("style.weight=50", 50), ("style.weight=7", 5)], ids=["none", "other", "unknown"]
)
def test_the_table_and_the_report_of_a_sweep_have_the_same_baseline(
    tmp_path: Path, asked: str | None, used: int, capsys: pytest.CaptureFixture[str]
) -> None:
    suite(tmp_path / "sweep", weights=(5, 50))
    sweep.finish(tmp_path / "sweep", asked)
    shown = capsys.readouterr()
    assert f"differences from style.weight={used} " in " ".join((shown.out + shown.err).split())
    with (tmp_path / "sweep" / "report" / "comparison.csv").open() as file:
        assert {row["baseline"] for row in csv.DictReader(file)} == {f"style.weight={used}"}


def test_a_real_sweep_is_reported(nst: Command) -> None:
    assert nst("-m", "loss.style.weight=5,50", "optimizer=adam,lbfgs", "sweep_dir=swept").status == 0
    data = read_data(Path("swept/report"))
    assert [setting["name"] for setting in data["varied"]] == ["loss.style.weight", "optimizer"]
    assert all(run["figures"]["style_distance"] > 0 and run["commands"] for run in data["runs"])
    assert any(run["best"] for run in data["runs"])
    assert {original["role"] for original in data["originals"].values()} == {"content", "style"}
