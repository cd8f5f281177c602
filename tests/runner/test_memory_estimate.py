"""The memory estimate: its accuracy, its savings, and the error for a run that does not fit."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nst import LBFGS, Adam, Features, Gram, Objective
from nst.errors import InputError
from nst.extractor.network import Network
from nst.loss.style.histogram import Histogram
from nst.loss.style.mrf import MRF
from nst.loss.style.sliced_wasserstein import SlicedWasserstein
from nst.runner import memory_estimate
from nst.runner.memory_estimate import GIB, Plan
from nst.runtime import memory
from tests.conftest import Outcome

SetFree = Callable[[float], None]


@pytest.fixture
def plan(network: Network) -> Plan:
    return Plan(network, Objective(Features(), Gram()), LBFGS(), style_area=1.0)


@pytest.fixture
def set_free(monkeypatch: pytest.MonkeyPatch) -> SetFree:
    """A function that sets the number of free bytes."""

    def set_available(available: float) -> None:
        monkeypatch.setattr(memory, "free", lambda: available)

    return set_available


def test_needed_memory_is_linear_in_the_number_of_pixels(plan: Plan) -> None:
    needs = [plan.needed(side, side) for side in (256, 512, 1024)]
    assert needs[2] - needs[1] == pytest.approx(4 * (needs[1] - needs[0]))
    assert plan.needed(512, 2048) == pytest.approx(plan.needed(1024, 1024))


def test_costly_settings_increase_the_estimate(plan: Plan) -> None:
    needed = plan.needed(512, 512)
    assert plan._replace(optimizer=LBFGS(history=100)).needed(512, 512) > needed
    assert plan._replace(optimizer=Adam()).needed(512, 512) < needed
    assert plan._replace(network=plan.network.replace(precision="bfloat16")).needed(512, 512) < needed
    assert plan._replace(style_area=50.0).needed(512, 512) > needed
    assert plan._replace(targets=8).needed(512, 512) > needed
    for loss in (SlicedWasserstein(), Histogram(), MRF(), MRF(stride=1)):
        with_loss = plan._replace(objective=Objective(Features(), loss)).needed(512, 512)
        with_gram = plan._replace(objective=Objective(Features(), Gram(layers=loss.layers))).needed(512, 512)
        assert with_loss > with_gram


def test_a_run_that_fits_is_allowed(plan: Plan, set_free: SetFree) -> None:
    set_free(float("inf"))
    assert memory_estimate.check_fits(plan, 512, 512) == plan.needed(512, 512)


def test_a_run_that_does_not_fit_is_refused_with_the_largest_size_that_fits(plan: Plan, set_free: SetFree) -> None:
    available = plan.needed(300, 400)
    set_free(available)
    with pytest.raises(InputError, match=rf"2000x1500 pixels .* {available / GIB:.1f} GiB are free; .* is size=400"):
        memory_estimate.check_fits(plan, 1500, 2000)
    assert memory_estimate.largest(plan, 1500, 2000, available) == 400
    assert plan.needed(300, 400) <= available < plan.needed(301, 401)


def test_metrics_need_memory_and_the_error_suggests_the_runs_own_network(plan: Plan, set_free: SetFree) -> None:
    wide = plan.network.replace(precision="float32")
    measured = plan._replace(metric_network=_widened(wide), metric_area=1.0)
    assert measured.needed(512, 512) > plan.needed(512, 512)
    assert measured._replace(metric_area=4.0).needed(512, 512) > measured.needed(512, 512)
    assert measured._replace(pruned=True).needed(512, 512) > measured.needed(512, 512)
    set_free(plan._replace(metric_network=plan.network.as_trained).needed(512, 512) + 1)
    with pytest.raises(InputError, match=r"metrics\.network=own fits: it measures with the run's own network"):
        memory_estimate.check_fits(measured, 512, 512)


def _widened(network: Network) -> Network:
    """A network with four times the channels."""
    weights = {
        layer: (*(np.tile(kernel, (1, 1, 1 if kernel.shape[2] == 3 else 4, 4)) for kernel in kernels), np.tile(bias, 4))
        for layer, (*kernels, bias) in network.weights.items()
    }
    return Network(weights, network.preprocess, source=network.source)


def test_the_error_states_that_no_size_fits(plan: Plan, set_free: SetFree) -> None:
    set_free(1.0)
    with pytest.raises(InputError, match="no size fits"):
        memory_estimate.check_fits(plan, 512, 512)


@pytest.mark.parametrize(
    ("membership", "group", "limit", "usage"),
    [
        ("0::/user/job", "user/job", "memory.max", "memory.current"),
        ("0::/user/job/step", "user/job", "memory.max", "memory.current"),
        ("0::/elsewhere", ".", "memory.max", "memory.current"),
        ("7:cpu:/x\n4:memory:/job", "memory/job", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ],
)
def test_a_control_groups_limit_is_read(tmp_path: Path, membership: str, group: str, limit: str, usage: str) -> None:
    (tmp_path / "cgroup").write_text(membership + "\n")
    root = tmp_path / "fs"
    assert memory._of_group(root, tmp_path / "cgroup") == float("inf")
    (root / group).mkdir(parents=True)
    (root / group / limit).write_text("1000\n")
    (root / group / usage).write_text("700\n")
    (root / group / "memory.stat").write_text("anon 600\ninactive_file 60\nactive_file 40\n")
    assert memory._of_group(root, tmp_path / "cgroup") == 400
    (root / group / limit).write_text("max\n")
    assert memory._of_group(root, tmp_path / "cgroup") == float("inf")
    assert memory._of_group(root, tmp_path / "none") == float("inf")


def test_free_and_held_memory_are_plausible() -> None:
    assert 0 < memory.free() < 2**50
    assert 50 * 2**20 < memory.held() < 2**40
    assert memory.expected(1e9) >= 1e9


def test_a_run_that_does_not_fit_is_refused_in_one_line_unless_it_is_done(
    nst: Callable[..., Outcome], set_free: SetFree
) -> None:
    assert nst("hydra.run.dir=run").status == 0
    set_free(1.0)
    assert "done already" in nst("hydra.run.dir=run").out
    refused = nst("hydra.run.dir=other")
    assert refused.status == 2
    assert "80x64 pixels need" in refused.err
    assert len(refused.err.strip().splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        ["style.scale=1"],
        ["style.scale=1", "optimizer=adam"],
        ["loss/style=sliced_wasserstein", "style.scale=1"],
        ["style.scale=1", "metrics.network=auto"],
        ["style.scale=1", "tiles=256"],
    ],
)
def test_the_estimate_is_close_to_the_peak_memory(
    tmp_path: Path, more: list[str], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "metrics.network=auto" in more:
        monkeypatch.setenv("NST_CACHE", str(request.getfixturevalue("vgg19_file").parents[1]))
    common = ["extractor=vgg19_slim", "metrics.network=own", "steps=24", "pyramid=single"]
    measured, expected = [], []
    for side in (512, 1024):
        command = [sys.executable, "-m", "nst.run", *common, *more, f"size={side}", f"hydra.run.dir={tmp_path}/{side}"]
        subprocess.run(command, check=True, capture_output=True)
        record = json.loads((tmp_path / str(side) / "result.json").read_text())
        measured.append(record["peak_memory_mib"])
        expected.append(record["expected_memory_mib"])
    np.testing.assert_allclose(expected, measured, rtol=0.25)
    np.testing.assert_allclose(np.diff(expected), np.diff(measured), rtol=0.35)
