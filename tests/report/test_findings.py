"""Settings are compared with a baseline over the pairs that they share, and the statistics hold what they promise."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nst.errors import InputError
from nst.report import plan
from nst.report.findings import Findings, find
from nst.report.findings_table import files
from nst.report.groups import Setting
from nst.report.runs import Run
from nst.state import Metric
from tests.report.made_up import PAIRS, run, sweep

STYLE, CONTENT = Metric.style_distance, Metric.content_distance
SWEEPS = 1000
SPREAD = float(np.log(1.6))  # of the lognormal difficulty of pairs


def compared(runs: list[Run], baseline: str | None = None) -> Findings:
    found, problems = find(runs, baseline)
    assert found is not None
    assert list(found.problems) == list(problems)
    return found


def by_name(findings: Findings) -> dict[str, Setting]:
    return {setting.name: setting for setting in findings.settings}


class TestMissing:
    def test_only_pairs_that_all_settings_have_count(self) -> None:
        runs = [run(pair, 1.0 + index, weight=4) for index, pair in enumerate(PAIRS)]
        runs += [run(pair, 2.0, weight=8) for pair in PAIRS[:2]]
        runs += [run(PAIRS[2], 99.0, weight=8, status="failed")]
        found = compared(runs)
        assert found.pairs == ["cat x mosaic", "harbor x ink"]
        first, second = found.settings
        assert found.means[STYLE][first].mean == 1.5
        assert found.differences[STYLE][second].interval.mean == 0.5
        assert first not in found.differences[STYLE]
        (problem,) = found.problems
        assert "rocket x ink" in problem

    def test_a_setting_with_less_than_half_of_the_pairs_is_left_out(self) -> None:
        runs = [run(pair, 1.0, weight=weight) for weight in (4, 8) for pair in PAIRS] + [run(PAIRS[0], 1.0, weight=16)]
        found = compared(runs)
        assert list(by_name(found)) == ["weight=4", "weight=8"]
        assert len(found.pairs) == 3
        assert [setting.name for setting in found.all] == ["weight=4", "weight=8", "weight=16"]
        (problem,) = found.problems
        assert "weight=16" in problem

    def test_runs_on_other_pictures_do_not_take_part(self) -> None:
        runs = [run(pair, 1.0, weight=weight) for weight in (4, 8) for pair in PAIRS]
        runs += [run((f"mine{index}", "ink"), 1.0, weight=16) for index in range(5)]
        assert list(by_name(compared(runs))) == ["weight=4", "weight=8"]

    def test_only_runs_with_the_metric_network_of_the_baseline_count(self) -> None:
        runs = [run(pair, 1.0, weight=weight) for weight in (4, 8) for pair in PAIRS]
        runs += [run(pair, 0.1, weight=16, network="vgg19_slim") for pair in PAIRS]
        runs += [run(pair, 0.1, weight=8, seed=1, network="vgg19_slim") for pair in PAIRS]
        found = compared(runs)
        assert list(by_name(found)) == ["weight=4", "weight=8"]
        assert found.means[STYLE][by_name(found)["weight=8"]].mean == 1
        nothing, (problem,) = find([each for each in runs if each.settings["weight"] != 8])
        assert nothing is None
        assert "settings are not compared" in problem

    @pytest.mark.parametrize("value", [None, float("nan")])
    def test_a_pair_without_a_number_does_not_count(self, value: float) -> None:
        runs = [run(pair, 1.0, weight=weight) for weight in (4, 8) for pair in PAIRS[:2]]
        runs += [run(PAIRS[2], 1.0, value, weight=4), run(PAIRS[2], 1.0, weight=8)]
        assert len(compared(runs).pairs) == 2

    def test_a_metric_that_nobody_has_is_not_compared(self) -> None:
        runs = [run(pair, None, weight=weight) for weight in (4, 8) for pair in PAIRS]
        found = compared(runs)
        assert STYLE not in found.means
        assert list(found.axes) == [CONTENT]
        assert len(files(found)) == 3

    @pytest.mark.parametrize("missing", [{"style_distance": None}, {"style_distance": float("nan")}, None])
    def test_a_baseline_without_a_metric_is_not_compared_and_reported(self, missing: dict | None) -> None:
        runs = [run(pair, 1.0, weight=weight) for weight in (4, 8) for pair in PAIRS]
        for place, each in enumerate(runs[: len(PAIRS)]):
            runs[place] = replace(each, record={**each.record, "metrics": missing and each.record["metrics"] | missing})
        nothing, (problem,) = find(runs)
        assert nothing is None
        assert "weight=4, the baseline" in problem

    def test_settings_that_each_lack_another_pair_do_not_end_the_comparison(self) -> None:
        pairs = [(f"c{index}", "ink") for index in range(4)]
        lost = {1: (), 2: (0,), 3: (1,), 4: (2,), 5: (3,)}
        runs = [
            run(pair, 1.0, weight=weight)
            for weight, own in lost.items()
            for index, pair in enumerate(pairs)
            if index not in own
        ]
        found = compared(runs)
        assert list(by_name(found)) == ["weight=1", "weight=2", "weight=3"]
        assert found.pairs == ["c2 x ink", "c3 x ink"]
        assert any("'weight=4', 'weight=5'" in problem for problem in found.problems)

    def test_of_settings_with_equally_many_pairs_those_stay_that_share_them(self) -> None:
        pairs = [(f"c{index}", "ink") for index in range(4)]
        have = {1: (0, 1, 2, 3), 2: (2, 3), 3: (0, 1), 4: (2, 3)}
        found = compared([run(pairs[index], 1.0, weight=weight) for weight, own in have.items() for index in own])
        assert list(by_name(found)) == ["weight=1", "weight=2", "weight=4"]

    def test_the_metric_network_is_that_of_most_runs_of_the_baseline(self) -> None:
        runs = [run(pair, 1.0, weight=weight) for weight in (4, 8) for pair in PAIRS]
        runs[0].record["metrics"]["network"] = "vgg19_slim"
        assert compared(runs).pairs == ["cat x mosaic", "rocket x ink"]

    def test_a_picture_to_start_from_makes_no_pair(self) -> None:
        runs = [run(pair, 1.0, init=init) for init in ("noise", "image") for pair in PAIRS]
        for each in runs[len(PAIRS) :]:
            each.record["provenance"]["pictures"]["init"] = {"name": "start", "sha256": "start"}
        assert len(compared(runs).pairs) == 3
        mask = runs[0].record["provenance"]["pictures"]
        mask["style.masks"] = {"name": "mask", "sha256": "mask"}
        assert len(compared(runs).pairs) == 2, "a mask does"

    def test_a_first_setting_without_a_finished_run_is_reported(self) -> None:
        runs = [run(pair, 1.0, weight=4, status="failed") for pair in PAIRS]
        runs += [run(pair, 1.0, weight=weight) for weight in (8, 16) for pair in PAIRS]
        found = compared(runs)
        assert found.baseline.name == "weight=8"
        assert found.problems == ["baseline: 'weight=4' has no finished run; the comparison is with 'weight=8'"]

    @pytest.mark.parametrize(
        "runs",
        [
            [],
            [run(pair, 1.0, weight=4) for pair in PAIRS],
            [run(PAIRS[0], 1.0, weight=weight) for weight in (4, 8)],
            [run(PAIRS[0], 1.0, weight=weight, seed=seed) for weight in (4, 8) for seed in (0, 1)],
            [run(PAIRS[0], 1.0, weight=4), run(PAIRS[1], 1.0, weight=8)],
            [run(pair, 1.0, weight=weight, status="failed") for weight in (4, 8) for pair in PAIRS],
        ],
    )
    def test_less_than_two_settings_or_pairs_are_no_comparison(self, runs: list[Run]) -> None:
        assert find(runs)[0] is None
        with pytest.raises(InputError, match="at least 2 settings, and 2 pairs"):
            find(runs, "weight=4")


class TestComparison:
    def test_the_baseline_is_the_first_setting_or_the_named_one(self) -> None:
        runs = [run(pair, weight, weight=weight) for weight in (4, 8, 16) for pair in PAIRS]
        default, named = compared(runs), compared(runs, "weight=16")
        assert default.baseline.name == "weight=4"
        assert named.differences[STYLE][named.settings[0]].interval.mean == -12
        with pytest.raises(InputError, match=r"'weight=17' is no setting of these runs.*weight=16"):
            find(runs, "weight=17")

    def test_a_win_is_a_better_value_in_either_direction(self) -> None:
        runs = [run(pair, 1.0 + place * weight, weight=weight) for place, pair in enumerate(PAIRS) for weight in (4, 8)]
        for each in runs:
            each.record["metrics"]["ssim"] = each.record["metrics"]["style_distance"]
        found = compared(runs)
        other = found.settings[1]
        assert (found.differences[STYLE][other].wins, found.differences[Metric.ssim][other].wins) == (0, 2)

    def test_the_front_is_of_settings_so_a_lucky_run_is_not_on_it(self) -> None:
        lucky = [run(PAIRS[0], 0.1, 0.1, weight=1), run(PAIRS[1], 9.0, 9.0, weight=1)]
        steady = [run(pair, 2.0, 2.0, weight=2) for pair in PAIRS[:2]]
        assert {setting.name for setting in compared([*lucky, *steady]).best} == {"weight=2"}

    def test_settings_are_in_the_order_of_the_command(self, tmp_path: Path) -> None:
        runs = [run(pair, 1.0, weight=weight) for weight in (16, 4, 8) for pair in PAIRS]
        placed = [
            Run(tmp_path / each.name, each.name, each.record, each.settings, each.overrides, "done") for each in runs
        ]
        plan.write_runs(tmp_path, [str(each.folder) for each in placed])
        found = compared(sorted(placed, key=lambda each: each.name))
        assert [setting.name for setting in found.settings] == ["weight=16", "weight=4", "weight=8"]
        assert found.baseline.name == "weight=16"

    def test_the_files_do_not_depend_on_the_order_of_the_runs(self, tmp_path: Path, rng: np.random.Generator) -> None:
        runs = sweep(np.random.default_rng(5), 7, [0, 0.2, -0.4], seeds=3)
        placed = [
            Run(tmp_path / each.name, each.name, each.record, each.settings, each.overrides, "done") for each in runs
        ]
        plan.write_runs(tmp_path, [str(each.folder) for each in placed])
        expected = files(compared(placed))
        for _ in range(3):
            assert files(compared([placed[place] for place in rng.permutation(len(placed))])) == expected


class TestPromises:
    """On 1,000 made-up sweeps with known effects, seeds included."""

    def sweeps(self, pairs: int, effects: list[float], spread: float, judge: Callable[[Findings], float]) -> float:
        random = np.random.default_rng(pairs)
        made = (sweep(random, pairs, effects, spread=spread) for _ in range(SWEEPS))
        return float(np.mean([judge(compared(runs)) for runs in made]))

    @pytest.mark.slow
    @pytest.mark.parametrize("pairs", [4, 12, 30])
    @pytest.mark.parametrize(("spread", "least"), [(0, 0.93), (SPREAD, 0.9)])
    def test_intervals_cover_the_known_effects_and_means(self, pairs: int, spread: float, least: float) -> None:
        effects = [0, 1, -0.7]

        def covered(found: Findings) -> float:
            differences = [found.differences[STYLE][setting].interval for setting in found.settings[1:]]
            means = [found.means[STYLE][setting] for setting in found.settings]
            truths = [*effects[1:], *(1 + effect for effect in effects)]
            return float(
                np.mean(
                    [each.low <= truth <= each.high for each, truth in zip([*differences, *means], truths, strict=True)]
                )
            )

        assert least <= self.sweeps(pairs, effects, spread, covered) <= 0.97

    @pytest.mark.slow
    @pytest.mark.parametrize("pairs", [4, 12, 30])
    @pytest.mark.parametrize("spread", [0, SPREAD])
    def test_without_an_effect_at_most_one_sweep_in_twenty_calls_anything_different(
        self, pairs: int, spread: float
    ) -> None:
        def called(found: Findings) -> float:
            return any(each.significant for own in found.differences.values() for each in own.values())

        assert self.sweeps(pairs, [0] * 4, spread, called) <= 0.05

    def test_a_large_effect_is_called_different(self) -> None:
        found = compared(sweep(np.random.default_rng(2), 12, [0, 1.5, 0]))
        _, large, none = found.settings
        assert found.differences[STYLE][large].significant
        assert found.differences[STYLE][large].wins == 0
        assert not found.differences[STYLE][none].significant
