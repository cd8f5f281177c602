"""The runs of a sweep: replicates, ablations, baselines, and their combinations."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from nst.errors import InputError
from nst.runner.randomness import is_random
from nst.sweep import ablation
from nst.sweep.expansion import Replication
from tests.conftest import Outcome
from tests.test_config import load

Command = Callable[..., Outcome]
QUICK = ("sweep_dir=swept", "steps=1", "observers=quiet")


def configs(folder: Path = Path("swept")) -> list[dict[str, Any]]:
    found = [yaml.safe_load((path.parent / "config.yaml").read_text()) for path in folder.glob("*/result.json")]
    planned = json.loads((folder / ".sweep.json").read_text())["runs"]
    assert sorted(planned) == sorted(path.parent.name for path in folder.glob("*/result.json"))
    return found


class TestReplicates:
    def test_a_setting_with_random_numbers_runs_with_every_seed_and_others_once(self, nst: Command) -> None:
        assert nst("replicates=3", "init=noise,content", *QUICK).status == 0
        found = [(config["init"]["_target_"].rpartition(".")[2], config["seed"]) for config in configs()]
        assert sorted(found) == [("FromContent", 0), ("Noise", 0), ("Noise", 1), ("Noise", 2)]

    def test_replicates_differ_and_repeat_what_single_seeds_give(self, nst: Command) -> None:
        nst("replicates=2", "init=noise", *QUICK)
        nst("-m", "seed=0,1", "init=noise", "sweep_dir=seeds", *QUICK[1:])
        scores = [
            {json.loads(path.read_text())["score"] for path in Path(folder).glob("*/result.json")}
            for folder in ("swept", "seeds")
        ]
        assert len(scores[0]) == 2
        assert scores[0] == scores[1]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("replicates=3",), "replicates: nothing here is random"),
            (("replicates=3", "optimizer=adam,sgd"), "replicates: nothing here is random"),
            (("replicates=0",), "replicates must be at least 1, not 0"),
            (("replicates=100000", "init=noise"), "replicates must be at most 1000"),
            (("replicates=2", "seed=4", "init=noise"), "leave out seed=4, or replicates"),
            (("replicates=1000", "init=noise", "-m", "loss.style.weight=range(0,1000)"), "this sweep has 1000000 runs"),
        ],
    )
    def test_what_cannot_be_replicated_is_refused(self, nst: Command, arguments: tuple[str, ...], message: str) -> None:
        outcome = nst(*arguments, *QUICK)
        assert (outcome.status, message in outcome.err) == (2, True), outcome.err
        assert not list(Path().rglob("result.json"))

    @pytest.mark.parametrize(("init", "warned"), [("content", True), ("noise", False)])
    def test_equal_runs_of_several_seeds_are_announced(self, nst: Command, init: str, warned: bool) -> None:
        outcome = nst("-m", "seed=0,1", f"init={init}", *QUICK)
        assert outcome.status == 0
        assert (outcome.out + outcome.err).count("seed has 2 values, but nothing here is random") == warned

    @pytest.mark.parametrize(
        ("overrides", "expected"),
        [
            ((), False),
            (("init=noise",), True),
            (("init=style",), False),
            (("init=image", "init.image=cat"), False),
            (("jitter=4", "optimizer=adam"), True),
            (("loss/style=sliced_wasserstein",), True),
            (("loss/style=sliced_wasserstein", "loss.style.seed=0"), False),
            (("+init.other=1", "init._target_=mine.Init"), True),
        ],
    )
    def test_what_is_random_is_known_from_the_config(self, overrides: tuple[str, ...], expected: bool) -> None:
        assert is_random(load(*overrides)) is expected


class TestAblation:
    CHANGES = "ablate=['pyramid=octaves',['optimizer=adam','optimizer.learning_rate=0.02']]"

    def test_the_base_and_each_change_alone(self, nst: Command) -> None:
        assert nst(self.CHANGES, *QUICK).status == 0
        found = {(c["pyramid"]["_target_"], c["optimizer"].get("learning_rate")) for c in configs()}
        single, octaves = "nst.pyramid.Single", "nst.pyramid.Octaves"
        assert found == {(single, None), (octaves, None), (single, 0.02)}

    def test_changes_are_made_to_each_setting_of_a_grid_over_a_suite(
        self, nst: Command, tiny_suite: tuple[str, str]
    ) -> None:
        assert nst(*tiny_suite, "loss.style.weight=1,2", "ablate=['color=luminance']", *QUICK).status == 0
        found = {(c["pair"], c["loss"]["style"]["weight"], c["color"]["_target_"]) for c in configs()}
        assert len(found) == len(configs()) == 2 * 2 * 2

    def test_an_experiment_may_be_the_base(self, nst: Command) -> None:
        assert nst("experiment=texture", "size=64", "ablate=['init=style']", *QUICK).status == 0
        assert len(configs()) == 2

    @pytest.mark.parametrize(
        ("ablate", "message"),
        [
            ("[pyramid=octaves]", """write "ablate=['pyramid=octaves']", with both kinds of quotes"""),
            ("['pyramid=single']", "pyramid=single changes nothing"),
            ("['pyramid=sinle']", "there is no pyramid=sinle; did you mean 'single'?"),
            ("['loss.style.wieght=3']", "'loss.style.wieght' is unknown; did you mean 'weight'?"),
            ("['loss.style.weight=3,4']", "has more than one value; write an entry for each"),
            ("['seed=1']", "'seed=1' changes no setting that runs are compared by"),
            ("['content=cat']", "'content=cat' changes no setting"),
            ("['tags=[a]']", "changes no setting"),
            ("['hydra.run.dir=x']", "changes no setting"),
            ("['color=luminance','color=luminance']", "'color=luminance' is there twice"),
            ("['color']", "cannot read 'color'"),
            ("[[]]", "an empty list is no change"),
            ("[3]", "3 is no override"),
            ("yes", "ablate must be a list"),
        ],
    )
    def test_an_invalid_change_is_refused(self, nst: Command, ablate: str, message: str) -> None:
        outcome = nst(f"ablate={ablate}", *QUICK)
        assert (outcome.status, message in outcome.err) == (2, True), outcome.err
        assert not list(Path().rglob("result.json"))

    def test_a_change_replaces_the_own_override_and_equal_settings_are_one(self) -> None:
        bases, alone = [("a=1", "b=1"), ("a=2", "b=1")], [("a=2",), ("b=3", "c=4")]
        assert ablation.ablated(bases, alone) == [
            ("a=1", "b=1"), ("b=1", "a=2"), ("a=1", "b=3", "c=4"), ("a=2", "b=1"), ("a=2", "b=3", "c=4"),
        ]  # fmt: skip


class TestBaseline:
    def test_the_base_is_called_base_whatever_the_command_sets_for_all_runs(
        self, nst: Command, tiny_suite: tuple[str, str]
    ) -> None:
        """`extractor=` has a setting that one of the changes varies."""
        changes = "ablate=['extractor.pooling=avg','loss.style.weight=2']"
        settings = ("extractor=vgg19_slim", "loss.content.weight=2", "baseline=base")
        assert nst(*tiny_suite, *settings, changes, *QUICK).status == 0
        table = Path("swept/report/comparison.md").read_text()
        assert [line.split(" | ")[0].strip("| ") for line in table.splitlines()[2:5]] == [
            "base", "extractor.pooling=avg", "style.weight=2",
        ]  # fmt: skip

    def test_a_repeated_command_with_another_baseline_compares_with_that(
        self, nst: Command, tiny_suite: tuple[str, str]
    ) -> None:
        for baseline in ("style.weight=1", "style.weight=2"):
            assert nst(*tiny_suite, "loss.style.weight=1,2", f'baseline="{baseline}"', *QUICK).status == 0
            (row,) = (
                line for line in Path("swept/report/comparison.md").read_text().splitlines() if "baseline" in line
            )
            assert row.startswith(f"| {baseline} |")

    @pytest.mark.parametrize("baseline", ["base", "style.weight=1", "loss.style.weight=1"])
    def test_a_setting_of_the_sweep_is_accepted_and_recorded(
        self, nst: Command, tiny_suite: tuple[str, str], baseline: str
    ) -> None:
        swept = "loss.style.weight=1,2" if "=" in baseline else "ablate=['color=luminance']"
        assert nst(*tiny_suite, swept, f'baseline="{baseline}"', *QUICK).status == 0
        assert {config["baseline"] for config in configs()} == {baseline}

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("loss.style.weight=1,2", "baseline='style.weight=3'"), "'style.weight=3' is no setting"),
            (("baseline=base",), "this sweep has one setting"),
            (("pair=near", "loss.style.weight=1,2", "baseline='style.weight=1'"), "this sweep has one pair"),
        ],
    )
    def test_another_is_refused_before_the_first_run(
        self, nst: Command, tiny_suite: tuple[str, str], arguments: tuple[str, ...], message: str
    ) -> None:
        outcome = nst(*tiny_suite, *arguments, *QUICK)
        assert (outcome.status, message in outcome.err) == (2, True), outcome.err
        assert not list(Path().rglob("result.json"))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("tags=['a b']", "tags: 'a b' must be a word of 1 to 64 characters"),
        ("tags=['']", "tags: '' must be a word"),
        ("tags=draft", "tags must be a list, like [draft]"),
        (f"notes={'x' * 4097}", "notes have 4097 characters; at most 4096 are recorded"),
    ],
)
def test_invalid_labels_are_refused_before_the_first_run(nst: Command, override: str, message: str) -> None:
    for arguments in ((override,), ("-m", "seed=0,1", "init=noise", override)):
        outcome = nst(*arguments)
        assert (outcome.status, message in outcome.err) == (2, True), outcome.err
        assert not list(Path().rglob("result.png"))


def test_without_pairs_and_seeds_a_setting_is_one_run() -> None:
    plain = Replication([], [], needed=False)
    assert plain.replicated([("a=1",), ("a=2",)], lambda _: False) == [["a=1"], ["a=2"]]
    assert plain.runs == 1
    with pytest.raises(InputError):
        ablation.check_effect([("size=64",)], [("size=64",)], lambda _: load("size=64"))
