"""Searches: their spaces and settings, the trials they record, and how they continue."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from optuna.trial import TrialState

from nst.errors import InputError
from nst.runtime import system
from nst.search import prune
from nst.search.settings import settle
from nst.search.space import as_overrides, corners, labels, split
from nst.search.storage import storage
from tests.conftest import ROOT, Outcome

Command = Callable[..., Outcome]
GOOD = {"n_jobs": 1, "n_trials": 1, "prune": None, "sampler": "tpe", "seed": 0, "storage": None, "study_name": "a"}
SEARCH = ("-m", "hydra/sweeper=nst_optuna", "sweep_dir=found", "observers=quiet", "size=48", "steps=2")
TWO = ("score=[style_distance,content_distance]",)
WEIGHT = "loss.style.weight=tag(log,interval(1.0,1000.0))"


def read(*overrides: str) -> tuple[Any, Any]:
    return split(OverridesParser.create().parse_overrides(list(overrides)))


def trials(folder: Path = Path("found")) -> list[optuna.trial.FrozenTrial]:
    return optuna.load_study(storage=f"sqlite:///{folder.resolve()}/search.db", study_name="nst").trials


def states(folder: Path = Path("found")) -> list[str]:
    return [trial.state.name for trial in trials(folder)]


class TestSpace:
    def test_hydras_sweep_syntax_gives_the_distributions(self) -> None:
        space, fixed = read(
            "a=choice(x,y)",
            "b=range(1,9,3)",
            "c=interval(0.5,2)",
            "d=tag(log,interval(1.0,8.0))",
            "e=int(interval(2,5))",
            "f=7",
        )
        assert space["a"].choices == ("x", "y")
        assert (space["b"].low, space["b"].high, space["b"].step) == (1, 7, 3)
        assert (space["c"].low, space["c"].high, space["c"].log) == (0.5, 2, False)
        assert space["d"].log
        assert isinstance(space["e"], optuna.distributions.IntDistribution)
        assert fixed == {"f": "7"}

    def test_the_later_of_two_overrides_wins(self) -> None:
        assert read("a=1,2", "b=1,2", "a=3")[1] == {"a": "3"}
        assert "a" in read("a=3", "a=1,2")[0]

    @pytest.mark.parametrize(
        ("override", "message"),
        [
            ("a=3", "nothing is searched"),
            ("a=range(3,3)", "a: this range is empty"),
            ("a=interval(5,2)", "a: "),
            ("a=tag(log,interval(0.0,2.0))", "a: "),
            ("a=tag(log,range(0.5,2,0.5))", "a: log needs an interval"),
            ("a=shuffle(choice(x,y))", "leave shuffle out"),
        ],
    )
    def test_an_invalid_space_is_refused(self, override: str, message: str) -> None:
        with pytest.raises(InputError, match=message):
            read(override)

    def test_corners_contain_every_choice_and_both_ends(self) -> None:
        space, _ = read("a=x,y,z", "b=interval(1.0,2.0)")
        seen = corners(space)
        assert {corner["a"] for corner in seen} == {"x", "y", "z"}
        assert {corner["b"] for corner in seen} == {1.0, 2.0}

    @pytest.mark.parametrize("value", [1e-05, 0.1, 123456.789, 1e20])
    def test_a_number_is_unchanged_by_a_round_trip(self, value: float) -> None:
        (parsed,) = OverridesParser.create().parse_overrides(as_overrides({"a": value}, {}))
        assert parsed.value() == value


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_trials": 0}, "hydra.sweeper.n_trials must be at least 1"),
        ({"sampler": "tpee"}, "did you mean 'tpe'"),
        ({"trials": 3}, "'hydra.sweeper.trials' is unknown; did you mean 'n_trials'"),
        ({"prune": {"evry": 3}}, "'hydra.sweeper.prune.evry' is unknown; did you mean 'every'"),
        ({"prune": {"every": 0}}, "every must be at least 1"),
    ],
)
def test_bad_settings_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        settle({**GOOD, **changes})


def test_a_long_range_is_not_enumerated() -> None:
    assert read("seed=range(1000000000000)")[0]["seed"].high == 999999999999


class TestSearch:
    def test_a_search_continues_to_the_new_total_and_has_the_runs_scores(self, nst: Command) -> None:
        assert nst(*SEARCH, *TWO, WEIGHT, "hydra.sweeper.n_trials=2").status == 0
        assert nst(*SEARCH, *TWO, WEIGHT, "hydra.sweeper.n_trials=3").status == 0
        found = trials()
        assert [trial.state for trial in found] == [TrialState.COMPLETE] * 3
        assert len({trial.params["loss.style.weight"] for trial in found}) == 3
        records = [json.loads(path.read_text()) for path in Path("found").glob("*/result.json")]
        assert sorted(trial.values for trial in found) == sorted(record["score"] for record in records)
        assert '"name":"loss.style.weight"' in Path("found/report/data.js").read_text()

    def test_on_windows_a_journal_file_is_locked_without_links(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(system, "WINDOWS", True)
        monkeypatch.setattr(os, "symlink", lambda *_: pytest.fail("only some accounts may make links"))
        opened = storage(f"journal:///{tmp_path}/found.log")
        optuna.create_study(storage=opened, study_name="nst").add_trial(optuna.create_trial(value=1.0))
        assert len(optuna.load_study(storage=opened, study_name="nst").trials) == 1

    @pytest.mark.slow
    def test_a_journal_file_works_as_storage(self, nst: Command) -> None:
        """The runs also write to it: intermediate scores for pruning."""
        settings = ("hydra.sweeper.storage=journal:///found.log", "hydra.sweeper.prune={every:1}")
        for total in (1, 3):
            assert nst(*SEARCH, WEIGHT, *settings, f"hydra.sweeper.n_trials={total}").status == 0
        study = optuna.load_study(storage=storage("journal:///found.log"), study_name="nst")
        assert [sorted(trial.intermediate_values) for trial in study.trials] == [[1, 2]] * 3

    @pytest.mark.slow
    def test_a_complete_search_starts_no_trial(self, nst: Command) -> None:
        nst(*SEARCH, WEIGHT, "hydra.sweeper.n_trials=1")
        assert nst(*SEARCH, WEIGHT, "hydra.sweeper.n_trials=1").status == 0
        assert len(trials()) == 1

    def test_a_failed_trial_does_not_stop_the_search(self, nst: Command, pictures: Path) -> None:
        Path("broken.png").write_text("no picture")
        images = f"content.image=choice({pictures / 'content.png'},broken.png)"
        outcome = nst(*SEARCH, images, WEIGHT, "hydra.sweeper.n_trials=6", "hydra.sweeper.sampler=random")
        assert outcome.status == 1
        assert set(states()) == {"COMPLETE", "FAIL"}
        for trial in trials():
            broken = trial.params["content.image"] == "broken.png"
            assert (trial.state is TrialState.FAIL) == broken

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("loss.style.wieght=interval(1.0,2.0)",), "did you mean 'weight'?"),
            (("optimizer=choice(lbfgs,adamm)",), "did you mean 'adam'?"),
            ((WEIGHT, "score=[style_distanse]"), "did you mean 'style_distance'?"),
            ((WEIGHT, *TWO, "hydra.sweeper.prune={every:1}"), "prune needs one score"),
            (
                (WEIGHT, "init=noise", "seed=0,1", "hydra.sweeper.prune={every:1}"),
                "but a trial has 2 on pairs or seeds",
            ),
            ((WEIGHT, "replicates=2"), "replicates: nothing here is random"),
            ((WEIGHT, "seed=interval(0,5)"), "the runs of a setting need values, like seed=1,2"),
            ((WEIGHT, "ablate=['init=noise']"), "ablate needs a grid"),
            ((WEIGHT, "baseline=base"), "baseline needs a grid"),
            ((WEIGHT, "pair=near"), "pair=near needs a suite"),
            ((WEIGHT, "hydra.sweeper.storage=nosuch:///db"), "nosuch:///db cannot be used"),
            ((), "nothing is searched"),
        ],
    )
    def test_a_bad_search_is_refused_before_the_first_trial(
        self, nst: Command, arguments: tuple[str, ...], message: str
    ) -> None:
        outcome = nst(*SEARCH, *arguments)
        assert outcome.status == 2
        assert message in outcome.err
        assert len(outcome.err.splitlines()) == 1
        assert not list(Path().rglob("result.json"))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("loss.style.weight=interval(1.0,500.0)",), "loss.style.weight was tag(log,interval(1.0,1000.0)) and is"),
            ((WEIGHT, "seed=5"), "the fixed seed was not set and is 5"),
            ((WEIGHT, "style.scale=interval(1.0,2.0)"), "style.scale was not set and is interval(1.0,2.0)"),
            ((WEIGHT, *TWO), "score was ['style_distance'] and is ['style_distance', 'content_distance']"),
        ],
    )
    def test_a_storage_of_another_space_is_refused(
        self, nst: Command, arguments: tuple[str, ...], message: str
    ) -> None:
        nst(*SEARCH, WEIGHT, "hydra.sweeper.n_trials=1")
        outcome = nst(*SEARCH, *arguments)
        assert outcome.status == 2
        assert message in outcome.err
        assert len(trials()) == 1

    @pytest.mark.slow
    def test_a_pruned_run_has_a_picture(self, nst: Command) -> None:
        space = ("loss.style.weight=choice(1000,1e-6)", "loss.smooth.weight=interval(0.05,0.050001)")  # all distinct
        pruning = "hydra.sweeper.prune={every:4,patience:0,startup:2}"
        search = (*SEARCH, "steps=20", *space, pruning, "hydra.sweeper.n_trials=8", "hydra.sweeper.sampler=random")
        assert nst(*search).status == 0
        ended = [trial for trial in trials() if trial.state is TrialState.PRUNED]
        assert ended
        assert {trial.params["loss.style.weight"] for trial in ended} == {"1e-06"}
        records = {path.parent: json.loads(path.read_text()) for path in Path("found").glob("*/result.json")}
        pruned = [folder for folder, record in records.items() if record["status"] == "pruned"]
        assert len(pruned) == len(ended)
        assert all((folder / "result.png").is_file() and records[folder]["evaluations"] < 20 for folder in pruned)

    def test_parallel_trials_run_in_batches(self, nst: Command) -> None:
        outcome = nst(*SEARCH, WEIGHT, "hydra.sweeper.n_trials=3", "hydra.sweeper.n_jobs=2")
        assert outcome.status == 0
        assert states() == ["COMPLETE"] * 3
        assert re.findall(r"trials (\d) of 3", outcome.out) == ["2", "3"]

    @pytest.mark.slow
    def test_equal_trials_of_a_batch_share_a_run(self, nst: Command) -> None:
        few = ("loss.style.weight=choice(1,1000)", "hydra.sweeper.sampler=random", "hydra/launcher=nst_joblib")
        outcome = nst(*SEARCH, *few, "hydra.launcher.n_jobs=2", "hydra.sweeper.n_trials=6", "hydra.sweeper.n_jobs=6")
        assert outcome.status == 0
        assert states() == ["COMPLETE"] * 6
        assert len(list(Path("found").glob("*/result.json"))) == 2

    @pytest.mark.slow
    def test_a_completed_run_gets_the_requested_score(self, nst: Command) -> None:
        one = (*SEARCH, WEIGHT, "hydra.sweeper.n_trials=1")
        nst(*one)
        nst(*one, "score=[ssim]", "hydra.sweeper.storage=sqlite:///other.db")
        (other,) = optuna.load_study(storage="sqlite:///other.db", study_name="nst").trials
        (first,) = trials()
        (record,) = (json.loads(path.read_text()) for path in Path("found").glob("*/result.json"))
        assert first.params == other.params
        assert (first.value, other.value) == (record["metrics"]["style_distance"], record["metrics"]["ssim"])

    def test_a_trial_has_a_run_on_every_pair_and_seed_and_their_mean_as_its_score(
        self, nst: Command, tiny_suite: tuple[str, str]
    ) -> None:
        search = (*SEARCH, *tiny_suite, *TWO, WEIGHT, "init=noise", "replicates=2")
        assert nst(*search, "hydra.sweeper.n_trials=2").status == 0
        runs = [
            (yaml.safe_load((path.parent / "config.yaml").read_text()), json.loads(path.read_text())["score"])
            for path in Path("found").glob("*/result.json")
        ]
        assert len(runs) == 2 * 2 * 2
        for trial in trials():
            weight = trial.params["loss.style.weight"]
            own = [score for config, score in runs if config["loss"]["style"]["weight"] == weight]
            assert len(own) == 4
            np.testing.assert_allclose(trial.values, np.mean(own, axis=0))
        refused = nst(*search, "pair=near", "hydra.sweeper.n_trials=3")
        assert (refused.status, "the fixed pair was far (" in refused.err) == (2, True), refused.err

    def test_a_failed_pair_fails_its_trial(self, nst: Command, pictures: Path) -> None:
        Path("broken.png").write_text("no picture")
        own = {"content": str(pictures / "content.png"), "style": str(pictures / "style.png")}
        Path("mine/suite").mkdir(parents=True)
        pairs = {"whole": own, "broken": {**own, "style": "broken.png"}}
        text = yaml.safe_dump({"defaults": ["/pairs"], "pairs": pairs})
        Path("mine/suite/partly.yaml").write_text(f"# @package _global_\n{text}")
        outcome = nst(*SEARCH, "--config-dir=mine", "suite=partly", WEIGHT, "hydra.sweeper.n_trials=2")
        assert outcome.status == 1
        assert states() == ["FAIL", "FAIL"]
        found = [json.loads(path.read_text())["status"] for path in Path("found").glob("*/result.json")]
        assert sorted(found) == ["done", "done", "failed", "failed"]

    def test_a_recipe_contains_no_pruning_settings(self, nst: Command) -> None:
        from nst.repeat import main

        nst(*SEARCH, WEIGHT, "hydra.sweeper.prune={every:1}", "hydra.sweeper.n_trials=1")
        (picture,) = Path("found").glob("*/result.png")
        assert main([str(picture)]) == 0
        assert "prune" not in (picture.parent / "config.yaml").read_text()
        assert "prune" not in (picture.parent / "overrides.yaml").read_text()


def test_the_storage_is_in_a_private_file_during_a_search_only(tmp_path: Path) -> None:
    settings = settle({**GOOD, "prune": {"every": 1}})
    with prune.prepared(settings, "postgresql://me:secret@host/db", tmp_path):
        (file,) = tmp_path.iterdir()
        assert "secret" in file.read_text()
        assert file.stat().st_mode & 0o077 == 0
    assert not list(tmp_path.iterdir())


def test_a_redacted_storage_is_refused() -> None:
    with pytest.raises(InputError, match=r"hydra\.sweeper\.storage: postgresql://\*\*\*@host/db lacks"):
        storage("postgresql://***@host/db")


def test_the_storage_holds_labels_of_choices_without_secrets() -> None:
    choices = ["https://me:secret@host/a.jpg?token\\=1", "https://me:secret@host/a.jpg?token\\=2", "harbor"]
    parsed = OverridesParser.create().parse_overrides([f"content.image=choice({','.join(choices)})"])
    found = split(parsed)[0]["content.image"].choices
    assert len(set(found)) == 3
    assert not [label for label in found if "secret" in label or "token" in label]
    overrides = [as_overrides({"content.image": label}, labels(parsed)) for label in found]
    values = [OverridesParser.create().parse_overrides(some)[0].value() for some in overrides]
    assert values == [choice.replace("\\", "") for choice in choices]


@pytest.mark.slow
def test_an_interrupted_search_resumes_its_unfinished_trial(pictures: Path, tmp_path: Path) -> None:
    """Twelve trials of two scores, stopped after five."""
    command = [
        sys.executable, "-m", "nst.run", "sweep=search", "extractor=vgg19_slim", "metrics.network=own",
        "size=64", "steps=30",
        f"content.image={pictures / 'content.png'}", f"style.image={pictures / 'style.png'}",
        "hydra.sweeper.n_trials=12",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    folder = tmp_path / "outputs/sweeps/search"
    with subprocess.Popen(command, cwd=tmp_path, env=environment) as process:
        while len(list(folder.glob("*/result.json"))) < 5:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert subprocess.run(command, cwd=tmp_path, env=environment, check=False).returncode == 0
    ended = [trial for trial in trials(folder) if not trial.user_attrs.get("nst.cut_short")]
    assert [trial.state for trial in ended] == [TrialState.COMPLETE] * 12
    for trial in trials(folder):
        if trial.user_attrs.get("nst.cut_short"):
            assert any(trial.params == other.params for other in ended)
    (data,) = re.findall(r"^NST.data = (.*);$", (folder / "report/data.js").read_text())
    page = json.loads(data)
    assert page["axes"] == ["style_distance", "content_distance"]
    assert any(run["best"] for run in page["runs"])
