"""Settings and pairs: which runs they have, and their names."""

from dataclasses import replace

import pytest

from nst.errors import InputError
from nst.report.baseline import choose, named
from nst.report.groups import grouped
from nst.report.pairs import names
from nst.report.runs import Run
from nst.state import Metric
from tests.report.made_up import PAIRS, run


def test_runs_that_differ_in_pictures_and_seed_are_one_setting() -> None:
    runs = [run(pair, 1, seed=seed, weight=weight) for weight in (4, 8) for pair in PAIRS for seed in (0, 1)]
    found = grouped(runs)
    assert [setting.name for setting in found] == ["weight=4", "weight=8"]
    assert [len(setting.runs) for setting in found] == [6, 6]


def test_a_part_with_the_seed_of_its_run_makes_no_setting_of_its_own() -> None:
    runs = [run(pair, 1, seed=seed, weight=weight) for weight in (4, 8) for pair in PAIRS for seed in (0, 1)]
    seeded = [replace(each, settings={**each.settings, "loss.style.seed": each.settings["seed"]}) for each in runs]
    assert [(setting.name, len(setting.runs)) for setting in grouped(seeded)] == [("weight=4", 6), ("weight=8", 6)]


def test_a_seed_of_a_part_that_was_chosen_is_a_setting() -> None:
    runs = [run(PAIRS[0], 1, seed=seed, loss__style__seed=own) for own in (0, 1) for seed in (0, 1)]
    assert [(setting.name, len(setting.runs)) for setting in grouped(runs)] == [
        ("style.seed=0", 2),
        ("style.seed=1", 2),
    ]


def test_seeds_are_averaged_within_a_pair_and_a_repeated_seed_counts_once() -> None:
    again = replace(run(PAIRS[0], 3.0, seed=1), name="in another folder")
    runs = [run(PAIRS[0], 1.0, seed=0), run(PAIRS[0], 3.0, seed=1), again, run(PAIRS[1], 10.0, seed=0)]
    (setting,) = grouped(runs)
    assert setting.values(Metric.style_distance, names(runs)) == {"harbor x ink": 2, "cat x mosaic": 10}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_a_value_that_is_no_number_is_missing(value: float) -> None:
    runs = [run(PAIRS[0], value, seed=0), run(PAIRS[0], 3.0, seed=1), run(PAIRS[1], value)]
    (setting,) = grouped(runs)
    assert setting.values(Metric.style_distance, names(runs)) == {"harbor x ink": 3}


class TestPairs:
    def test_pictures_of_equal_names_are_different_pairs(self) -> None:
        first, second = run(PAIRS[0], 1.0), run(PAIRS[0], 2.0)
        second.record["provenance"]["pictures"]["style"]["sha256"] = "other"
        found = names([first, second])
        assert found[first] == "harbor x ink"
        assert found[second] == "harbor x ink harbothe"

    def test_a_suite_names_its_pairs_and_equal_files_are_one_pair(self) -> None:
        first, second = run(PAIRS[0], 1.0, pair="mine"), run(PAIRS[0], 2.0, pair="other")
        assert names([first, second]) == {first: "mine", second: "mine"}

    def test_a_run_without_a_record_has_the_name_of_its_settings(self) -> None:
        early = replace(run(PAIRS[0], 1.0), record={})
        assert names([early])[early] == "harbor x ink"


class TestNames:
    def names(self, *knobs: dict[str, object]) -> list[str]:
        return [setting.name for setting in grouped([run(PAIRS[0], 1.0, **own) for own in knobs])]

    def test_a_setting_without_own_overrides_is_the_base(self) -> None:
        assert self.names({}, {"pyramid": "single"}, {"loss__style__weight": 0}) == [
            "base",
            "pyramid=single",
            "style.weight=0",
        ]

    @pytest.mark.parametrize("key", ["loss.smooth", "loss/smooth"])
    def test_a_deleted_key_is_named_with_its_sign(self, key: str) -> None:
        base = replace(run(PAIRS[0], 1.0), settings={"size": 64, key: "tv", "loss.smooth.weight": 1})
        without = replace(run(PAIRS[0], 1.0), settings={"size": 64}, overrides=["content=harbor", f"~{key}"])
        assert [setting.name for setting in grouped([base, without])] == ["base", "~loss.smooth"]

    def test_what_all_runs_have_is_not_in_the_name(self) -> None:
        assert self.names({"steps": 9, "a": 1}, {"steps": 9, "a": 2}) == ["a=1", "a=2"]

    def test_an_override_with_the_default_value_is_in_the_name(self) -> None:
        assert self.names({"loss__style__weight": 4}, {"loss__style__weight": 8}) == [
            "style.weight=4",
            "style.weight=8",
        ]

    def test_settings_that_no_override_tells_apart_have_all_that_differs_in_their_names(self) -> None:
        one, other = run(PAIRS[0], 1.0), run(PAIRS[0], 1.0)
        changed = replace(other, settings={**other.settings, "size": 128})
        assert [setting.name for setting in grouped([one, changed])] == ["size=64", "size=128"]

    def test_names_are_unique_whatever_the_display_rounds(self) -> None:
        found = self.names({"a": 1.0000001}, {"a": 1.0000002}, {"a": 3})
        assert found == ["a=1", "a=1 (2)", "a=3"]


class TestBaseline:
    @pytest.fixture
    def runs(self) -> list[Run]:
        grid = ({}, {"loss__style__weight": 8, "pyramid": "single"}, {"loss__style__weight": 2})
        return [run(pair, 1.0, **{"pyramid": "octaves", **own}) for own in grid for pair in PAIRS]

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("style.weight=2, pyramid=octaves", "pyramid=octaves, style.weight=2"),
            ("loss.style.weight=2", "pyramid=octaves, style.weight=2"),
            ("pyramid=single loss.style.weight=8.0", "pyramid=single, style.weight=8"),
            ("pyramid=octaves", "pyramid=octaves"),
        ],
    )
    def test_a_name_or_overrides_choose_it(self, runs: list[Run], text: str, name: str) -> None:
        assert named(grouped(runs), text).name == name

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("style.weight=3", "no setting of these runs.*style.weight=2"),
            ("loss.style.weight=8", "several settings.*pyramid=single"),
            ("nonsense", "no setting"),
            ("", "no setting"),
        ],
    )
    def test_other_texts_are_refused_with_names(self, runs: list[Run], text: str, message: str) -> None:
        with pytest.raises(InputError, match=message) as error:
            named(grouped(runs), text)
        assert "\n" not in str(error.value)

    def test_many_settings_are_not_all_listed(self) -> None:
        with pytest.raises(InputError, match="and 22 more") as error:
            named(grouped([run(PAIRS[0], 1.0, a=value) for value in range(30)]), "zzz")
        assert len(str(error.value)) < 200

    @pytest.mark.parametrize(("recorded", "name"), [("b=2", "b=2"), ("base", "base"), ("", "b=1")])
    def test_the_runs_record_it_else_it_is_the_first(self, recorded: str, name: str) -> None:
        runs = [run(PAIRS[0], 1.0, baseline=recorded, **own) for own in ({"b": 1}, {"b": 2}, {})]
        assert choose(grouped(runs), None, runs)[0].name == name
        assert choose(grouped(runs), None, runs)[1] == []

    def test_a_recorded_one_without_a_run_is_reported(self) -> None:
        runs = [run(PAIRS[0], 1.0, baseline="b=7", b=b) for b in (1, 2)]
        setting, problems = choose(grouped(runs), None, runs)
        assert setting.name == "b=1"
        assert len(problems) == 1
        assert "'b=7' is no setting" in problems[0]
