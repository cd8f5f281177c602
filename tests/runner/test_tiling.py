"""The choice of tiles: when, how large, and that a run keeps them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nst import LBFGS, MRF, Features, Gram, Objective
from nst.cli.recipe import read
from nst.cli.repeat import differences, repeat
from nst.errors import InputError
from nst.extractor.network import Network
from nst.image.io import read_image
from nst.runner import memory_estimate, tiling
from nst.runner.folder import RunFolder
from nst.runner.memory_estimate import Plan
from nst.runner.tiling import SIDES, chosen, keepable
from nst.runtime import memory
from nst.state import Level
from tests.conftest import Outcome, only_run

Command = Callable[..., Outcome]
LEVEL = Level(3000, 4000, 1)


@pytest.fixture
def plan(network: Network) -> Plan:
    return Plan(network, Objective(Features(), Gram()), LBFGS(), style_area=1.0)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def test_a_picture_that_fits_has_no_tiles(plan: Plan, folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free", lambda: plan.needed(3000, 4000))
    assert chosen("auto", plan, LEVEL, folder) is None


@pytest.mark.parametrize("side", SIDES)
def test_auto_takes_the_largest_tiles_that_fit(
    plan: Plan, folder: RunFolder, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free", lambda: plan._replace(tiles=side).needed(3000, 4000))
    assert chosen("auto", plan, LEVEL, folder) == side


def test_larger_tiles_need_more_memory_and_less_than_none(plan: Plan) -> None:
    needed = [plan._replace(tiles=side).needed(3000, 4000) for side in SIDES]
    assert needed == sorted(needed, reverse=True)
    assert needed[0] < plan.needed(3000, 4000)


def test_a_run_by_tiles_keeps_half_of_what_is_free_at_most(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    by_tiles = plan._replace(tiles=512)
    needed = by_tiles.needed(3000, 4000)
    for free, expected in ((needed + 2e9, 1e9), (needed - 1, 0), (float("inf"), 0)):
        monkeypatch.setattr(memory, "free", lambda free=free: free)
        assert keepable(by_tiles, LEVEL) == pytest.approx(expected)
    monkeypatch.setattr(memory, "free", lambda: 1e12)
    assert keepable(plan, LEVEL) == 0
    everything = by_tiles._replace(keep=1e15).kept(3000, 4000)
    assert 0 < everything < 1e15
    assert by_tiles._replace(keep=1e15).needed(3000, 4000) == pytest.approx(needed + everything)
    assert by_tiles._replace(keep=1e6).needed(3000, 4000) == pytest.approx(needed + 1e6)


def test_what_does_not_fit_even_by_tiles_is_refused(
    plan: Plan, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free", lambda: 2.0**28)
    side = chosen("auto", plan, LEVEL, folder)
    assert side == SIDES[-1]
    with pytest.raises(InputError, match="the largest size that fits is size="):
        memory_estimate.check_fits(plan._replace(tiles=side), 3000, 4000)


def test_a_loss_without_tiles_is_refused_only_if_tiles_are_asked_for(
    nst: Command, plan: Plan, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    searching = plan._replace(objective=Objective(Features(), MRF()))
    monkeypatch.setattr(memory, "free", lambda: 1.0)
    assert chosen("auto", searching, LEVEL, folder) is None
    refused = nst("loss/style=mrf", "tiles=64")
    assert refused.status == 2
    assert "loss/style=mrf cannot be measured by tiles" in refused.err


def test_off_and_sides_larger_than_the_picture_are_no_tiles(plan: Plan, folder: RunFolder) -> None:
    assert chosen(None, plan, LEVEL, folder) is None
    assert chosen(4000, plan, LEVEL, folder) is None
    assert chosen(512, plan, LEVEL, folder) == 512


def test_a_run_by_tiles_records_them_and_has_nearly_the_picture_without(nst: Command) -> None:
    shared = ("size=150", "precision=float32", "steps=6")
    assert nst(*shared, "tiles=off", "hydra.run.dir=whole").status == 0
    outcome = nst(*shared, "tiles=64", "hydra.run.dir=tiles")
    assert "tiles    64 pixels" in outcome.out
    whole, tiles = (json.loads(Path(name, "result.json").read_text()) for name in ("whole", "tiles"))
    assert (whole["tiles"], tiles["tiles"]) == (None, 64)
    assert whole["identity"] != tiles["identity"]
    assert tiles["loss"] == pytest.approx(whole["loss"], rel=1e-3)
    difference = read_image("whole/result.png") - read_image("tiles/result.png")
    assert np.abs(difference).mean() < 0.01


def test_a_run_that_was_begun_keeps_its_tiles(nst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "SIDES", (64,))
    monkeypatch.setattr(Plan, "needed", lambda plan, *_: 1e6 if plan.tiles else 1e9)
    monkeypatch.setattr(memory, "free", lambda: 1e7)
    assert nst("size=150", "hydra.run.dir=run").status == 0
    assert json.loads(Path("run/result.json").read_text())["tiles"] == 64
    monkeypatch.setattr(memory, "free", lambda: 1e12)
    assert "done already" in nst("size=150", "hydra.run.dir=run").out
    assert nst("size=150").status == 0
    assert json.loads((only_run() / "result.json").read_text())["tiles"] is None


@pytest.mark.parametrize("side", [8, -5, 63])
def test_a_record_with_a_side_that_nst_never_writes_is_ignored(folder: RunFolder, plan: Plan, side: int) -> None:
    (folder.path / "result.json").write_text(json.dumps({"status": "failed", "tiles": side}))
    assert chosen("auto", plan, LEVEL, folder) is None


def test_a_repeated_picture_is_made_by_the_same_tiles(nst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "SIDES", (64,))
    monkeypatch.setattr(Plan, "needed", lambda plan, *_: 1e6 if plan.tiles else 1e9)
    monkeypatch.setattr(memory, "free", lambda: 1e7)
    assert nst("size=1in", "output.dpi=150", "hydra.run.dir=run").status == 0
    monkeypatch.setattr(memory, "free", lambda: 1e12)
    recipe = read(Path("run/result.png"))
    assert repeat(recipe) == 0
    repeated = only_run()
    assert differences(recipe, json.loads((repeated / "result.json").read_text()), repeated / "result.png") == [
        "the pixels are identical"
    ]


@pytest.mark.slow
def test_a_run_by_tiles_that_was_killed_ends_with_the_same_picture(pictures: Path, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "nst.run", f"content.image={pictures / 'content.png'}", "size=150", "tiles=64",
        f"style.image={pictures / 'style.png'}", "extractor=vgg19_slim", "metrics.network=own", "steps=60",
        "optimizer=adam", "checkpoint=0.05",
    ]  # fmt: skip
    subprocess.run([*command, "hydra.run.dir=whole"], cwd=tmp_path, check=True, capture_output=True)
    with subprocess.Popen([*command, "hydra.run.dir=killed"], cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        while not (tmp_path / "killed/checkpoint.npz").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    subprocess.run([*command, "hydra.run.dir=killed"], cwd=tmp_path, check=True, capture_output=True)
    record = json.loads((tmp_path / "killed/result.json").read_text())
    assert 0 < record["resumed_at"] < 60
    whole, killed = (read_image(tmp_path / name / "result.png") for name in ("whole", "killed"))
    np.testing.assert_array_equal(whole, killed)
