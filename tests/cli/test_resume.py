"""`nst.resume` continues runs and sweeps from their own folders; what would change a picture is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from nst import resume
from nst.cli import configs
from nst.cli.config_files import ConfigFiles
from nst.cli.sweep_command import check, merged
from nst.errors import InputError
from nst.image.io import read_image
from nst.runtime import signals
from tests.conftest import Outcome, in_process

Command = Callable[..., Outcome]
FILES = ConfigFiles()
configs.register()


@pytest.fixture
def resume_command(nst: Command, capfd: pytest.CaptureFixture[str]) -> Command:
    """`nst.resume` in this process, in the folder of the `nst` fixture."""
    return in_process(resume.main, capfd)


@pytest.fixture
def stopped(nst: Command, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """A run in `here` that was interrupted after its third evaluation."""
    calls: list[None] = []
    with monkeypatch.context() as patch:
        patch.setattr(signals.Interrupt, "__call__", lambda _: calls.append(None) or len(calls) > 2)
        outcome = nst("hydra.run.dir=here", "optimizer=adam", "seed=3")
    assert record()["status"] == "interrupted"
    return outcome


def record(folder: str | Path = "here") -> dict[str, Any]:
    return json.loads((Path(folder) / "result.json").read_text())


def test_a_stopped_run_ends_like_one_without_a_stop(nst: Command, stopped: Outcome, resume_command: Command) -> None:
    assert "resume   python -m nst.resume here" in stopped.out
    before = record()
    outcome = resume_command("here", "checkpoint=5")
    assert (outcome.status, outcome.err) == (0, "")
    assert "resuming from evaluation 3" in outcome.out
    after = record()
    assert (after["status"], after["resumed_at"], after["identity"]) == ("done", 3, before["identity"])
    assert after["choices"] == before["choices"]
    assert after["overrides"] == [*before["overrides"], "checkpoint=5"]
    assert yaml.safe_load(Path("here/config.yaml").read_text())["checkpoint"] == 5
    nst("hydra.run.dir=whole", "optimizer=adam", "seed=3")
    np.testing.assert_array_equal(read_image("here/result.png"), read_image("whole/result.png"))
    assert "done already" in resume_command("here").out


@pytest.mark.usefixtures("stopped")
def test_a_killed_run_continues_from_its_checkpoint_with_the_choices_of_its_config(resume_command: Command) -> None:
    before = record()
    Path("here/result.json").unlink()
    assert "resuming from evaluation 3" in resume_command("here").out
    after = record()
    assert (after["status"], after["identity"]) == ("done", before["identity"])
    assert after["overrides"] == before["overrides"]
    groups = [group for group in after["choices"] if group not in ("content", "style")]
    assert {group: after["choices"][group] for group in groups} == {group: before["choices"][group] for group in groups}


@pytest.mark.usefixtures("stopped")
def test_what_would_change_the_picture_is_refused_and_named(nst: Command, resume_command: Command) -> None:
    before = record()
    for overrides, message in (
        (["seed=4"], "here: seed 3 -> 4 would be another picture; make it in a new folder: python -m nst.repeat here "),
        (["steps=9", "optimizer=lbfgs"], "optimizer Adam -> LBFGS, steps 4 -> 9 would be another picture"),
        (["stepz=9"], "'stepz' is unknown; did you mean 'steps'?"),
    ):
        outcome = resume_command("here", *overrides)
        assert (outcome.status, outcome.err.count("\n")) == (2, 1)
        assert message in outcome.err
    outcome = nst("hydra.run.dir=here", "optimizer=adam", "seed=4", "loss.style.weight=9")
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert "here holds another run: loss.style.weight 8.0 -> 9, seed 3 -> 4; choose another folder" in outcome.err
    assert record() == before


def test_another_picture_in_the_folder_is_named(nst: Command, pictures: Path) -> None:
    shutil.copy(pictures / "content.png", "me.png")
    assert nst("hydra.run.dir=here", "content.image=me.png").status == 0
    shutil.copy(pictures / "style.png", "me.png")
    outcome = nst("hydra.run.dir=here", "content.image=me.png")
    assert "here holds another run: picture content " in outcome.err
    assert outcome.err.count("\n") == 1


def test_more_steps_of_a_finished_run_begin_from_its_picture(nst: Command, resume_command: Command) -> None:
    assert nst("hydra.run.dir=here").status == 0
    before = record()
    assert "steps must be above 4, the evaluations of this finished run" in resume_command("here", "steps=3").err
    outcome = resume_command("here", "steps=7")
    assert (outcome.status, outcome.err) == (0, "")
    assert "3 more begin from its picture, in a new folder" in outcome.out
    (beside,) = [path.parent for path in Path().glob("*/result.json") if path.parent != Path("here")]
    after = record(beside)
    assert (after["status"], after["evaluations"]) == ("done", 3)
    assert after["provenance"]["pictures"]["init"]["sha256"] == before["files"]["result.png"]
    assert after["loss"] < before["loss"]
    assert record() == before


def test_a_recorded_folder_elsewhere_is_not_written_to(nst: Command, resume_command: Command, tmp_path: Path) -> None:
    assert nst("hydra.run.dir=mine/here", f"output.folder={tmp_path / 'elsewhere'}").status == 0
    assert resume_command("mine/here", "steps=7").status == 0
    assert not (tmp_path / "elsewhere").exists()
    assert len(list(Path("mine").glob("*/result.png"))) == 2


def test_a_failed_run_names_the_command_that_continues_it(
    nst: Command, resume_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nst.transfer import stylize

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(stylize, "stylize", broken)
        outcome = nst("hydra.run.dir=here")
    assert outcome.status == 1
    assert "resume   python -m nst.resume here" in outcome.out
    assert resume_command("here").status == 0
    assert "nst.resume" not in nst("hydra.run.dir=there", "content.image=nowhere.jpg").out


def test_a_foreign_run_folder_is_checked(resume_command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "foreign"
    folder.mkdir()
    hostile = {"optimizer": {"_target_": "os.system", "command": "touch made"}}
    for config, message in (
        (yaml.safe_dump(hostile), "optimizer._target_ is os.system, which conf/optimizer does not name"),
        ("notes: ${oc.env:HOME}", "is an interpolation"),
        ("[", "not valid YAML"),
    ):
        (folder / "config.yaml").write_text(config)
        outcome = resume_command(folder)
        assert (outcome.status, outcome.err.count("\n")) == (2, 1)
        assert message in outcome.err
    assert not (tmp_path / "made").exists()
    assert [path.name for path in folder.iterdir()] == ["config.yaml"]
    Path("empty").mkdir()
    assert "holds no run and no sweep" in resume_command("empty").err


def test_the_missing_and_failed_runs_of_a_sweep_are_done(nst: Command, resume_command: Command) -> None:
    assert nst("-m", "seed=1,2,3", "init=noise", "sweep_dir=swept").status == 0
    runs = sorted(path.parent for path in Path("swept").glob("*/result.json"))
    times = {run: (run / "result.png").stat().st_mtime_ns for run in runs}
    shutil.rmtree(runs[0])
    (runs[1] / "result.json").write_text(json.dumps(record(runs[1]) | {"status": "failed", "error": "x"}))
    plan = Path("swept/.sweep.json").read_text()
    assert nst("-m", "seed=1,2,3", "init=noise", "sweep_dir=swept", "steps=x").status == 2
    assert Path("swept/.sweep.json").read_text() == plan
    outcome = resume_command("swept", "tags=[again]")
    assert (outcome.status, outcome.err) == (0, ""), outcome.err
    assert "3 runs: 3 done" in outcome.out
    assert "nst.resume" not in outcome.out
    assert {run: record(run)["status"] for run in runs} == dict.fromkeys(runs, "done")
    assert (runs[2] / "result.png").stat().st_mtime_ns == times[runs[2]]
    refused = resume_command("swept", "size=96")
    assert (refused.status, refused.err.count("\n")) == (2, 1)
    assert "size=96: size was size=80; a resumed sweep keeps its settings" in refused.err


def test_a_sweep_with_runs_that_are_not_done_names_the_command(nst: Command) -> None:
    outcome = nst("-m", "seed=1,2", "content.image=nowhere.jpg", "sweep_dir=two words")
    assert outcome.status == 1
    assert outcome.out.count("resume   python -m nst.resume 'two words'\n") == 1


def test_a_sweep_needs_the_folder_of_the_users_own_configs(
    nst: Command, tiny_suite: tuple[str, str], resume_command: Command
) -> None:
    assert nst(*tiny_suite, "sweep_dir=swept").status == 0
    shutil.rmtree(next(Path("swept").glob("*pair=far*")))
    assert resume_command("swept").status == 2
    outcome = resume_command("swept", "--config-dir", "mine")
    assert (outcome.status, outcome.err) == (0, "")
    assert "2 runs: 2 done" in outcome.out


SAFE = [
    "size=64",
    "loss.style.weight=4,8",
    "style=ink,mosaic",
    "loss/style=mix",
    "optimizer@optimizer.optimizer=sgd",
    "+observers.x=1",
    "~loss/smooth",
    "content.image='me \\'1\\'.jpg'",
    "seed=range(1,9)",
    "ablate=['optimizer=adam',['pyramid=single','init=noise']]",
    "hydra/launcher=nst_joblib",
    "hydra.launcher.n_jobs=2",
    "hydra/sweeper=nst_optuna",
    "hydra.sweeper.n_trials=9",
    "hydra.sweeper.params.loss.style.weight='tag(log,interval(2,60))'",
    "loss.style.weight=tag(log,interval(2,60))",
    "observers=quiet,full",
    "observers=[quiet]",
]
HOSTILE = [
    "optimizer._target_=os.system",
    "+optimizer._args_=[x]",
    "optimizer={_target_:os.system}",
    "ablate=['optimizer._target_=os.system']",
    "ablate=[['style=../../x']]",
    "notes=${oc.env:HOME}",
    "style=../../../tmp/evil",
    "style=ink,/tmp/evil",
    "style='/tmp/evil'",
    "+../x=y",
    "+made/up=evil",
    "+optimizer@hydra.callbacks.x=adam",
    "hydra.searchpath=[file:///tmp/evil]",
    "hydra/launcher=submitit_local",
    "hydra/launcher=../../evil",
    "hydra.launcher._target_=os.system",
    "hydra.launcher.parameters.slurm_setup=['touch made']",
    "hydra.sweeper.storage=sqlite:////tmp/x.db",
    "hydra.sweeper.params.style='/tmp/evil'",
    "hydra.job.chdir=true",
    "hydra/job_logging=none",
    "+hydra.callbacks.x=1",
    "observers=wandb",
    "observers=quiet,mlflow",
    "observers=[quiet,wandb]",
    "+observers@observers.more=wandb",
    "ablate=['observers=mlflow']",
    "a=(",
    f"{'a' * 300}=1",
    f"hydra.sweeper.params.{'a' * 300}=1",
    "size=64\x1b[2J",
    "notes=" + "x" * 5000,
    "",
]


@pytest.mark.parametrize("text", SAFE)
def test_an_override_of_nst_is_taken_from_a_folder(text: str) -> None:
    check(text, FILES)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_override_is_not_taken_from_a_folder(text: str) -> None:
    with pytest.raises(InputError) as refused:
        check(text, FILES)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "recorded",
    [
        ["+observers.evil={_target_: os.mkdir}", "observers.evil={}"],
        ["observers=wandb", "+observers=quiet"],
        ["hydra/launcher=submitit_local", "hydra/launcher=basic"],
    ],
)
def test_a_later_override_hides_no_hostile_one(recorded: list[str]) -> None:
    with pytest.raises(InputError, match="sweep's"):
        merged([*recorded, "seed=0,1"], [], FILES)


def test_a_hostile_override_that_the_user_replaces_is_not_taken(tmp_path: Path) -> None:
    recorded = ["hydra.launcher.n_jobs=9", f"hydra.launcher.n_jobs={tmp_path}", "seed=0,1"]
    assert merged(recorded, ["hydra.launcher.n_jobs=2"], FILES) == ["hydra.launcher.n_jobs=2", "seed=0,1"]


def test_the_photographs_of_a_large_folder_are_one_override() -> None:
    names = [f"holiday_photographs/IMG_2026_{k}.jpg" for k in range(300)]
    recorded = [f"content.image={','.join([*names, '_final_.jpg'])}", "size=64"]
    assert merged(recorded, [], FILES) == recorded
    for hostile in ("content.image={_target_:os.mkdir},b", f"content.image={'x' * 5000},b", "content.image=[_target_]"):
        with pytest.raises(InputError) as refused:
            merged([hostile], [], FILES)
        assert len(str(refused.value)) < 300


def test_what_the_user_gives_again_replaces_the_record() -> None:
    shown, whole = "content.image=https://***@host/a.jpg?***", "content.image=https://me:pw@host/a.jpg?t=1"
    storage = "hydra.sweeper.storage=sqlite:////tmp/x.db"
    with pytest.raises(InputError, match="lacks its user name, password or query"):
        merged([shown, "size=64"], [], FILES)
    assert merged([shown, "size=64"], [whole], FILES) == [whole, "size=64"]
    assert merged([storage, "size=64"], [storage], FILES) == [storage, "size=64"]
    assert merged(["hydra.sweeper.n_trials=3"], ["hydra.sweeper.n_trials=9"], FILES) == ["hydra.sweeper.n_trials=9"]
    for given in (["size=96"], ["seed=1"], ["content.image=https://me:pw@other/a.jpg"], ["sweep_dir=x"]):
        with pytest.raises(InputError):
            merged([shown, "size=64"], given, FILES)
