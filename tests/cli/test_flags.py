"""Flags and the size of a sweep: one line for a bad one, in any place of the command; an output that is closed."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from nst import run
from nst.cli.flags import flags_first
from tests.conftest import ROOT, Outcome

Command = Callable[..., Outcome]

BAD_FLAGS = {
    ("--foo",): "there is no option --foo; did you mean",
    ("--multirum", "seed=1"): "there is no option --multirum; did you mean '--multirun'?",
    ("--cfg=zz",): "invalid choice: 'zz'",
    ("--config-dir=nowhere",): "nowhere' not found",
    ("--experimental-rerun=x.pickle",): "python -m nst.repeat PICTURE repeats a run",
    ("-m", "hydra.mode=RUN"): "-m makes a sweep, but hydra.mode=RUN makes one run",
    ("-m", "style=glob(zzz*)"): "style=glob(zzz*) matches nothing; choose from blend, composition",
    ("-m", "seed=range(3,3)"): "seed=range(3,3) matches nothing",
    ("-m", "seed=range(1,5,-1)"): "seed=range(1,5,-1) matches nothing",
    (
        "-m",
        "seed=interval(0,1)",
    ): "needs hydra/sweeper=nst_optuna; a grid takes values, like seed=1,2",
    ("-m", "seed=range(1,5,0)"): "use finite numbers, and a step other than 0",
    ("-m", "seed=range(0,100001)"): "this sweep has 100001 runs; a sweep has at most 100000",
    ("-m", "seed=range(0,1000)", "jitter=range(0,1000)"): "this sweep has 1000000 runs",
    ("-m", "hydra/launcher=nst_joblib", "seed=range(3,3)"): "seed=range(3,3) matches nothing",
    ("-m", "hydra/sweeper=nst_optuna", "seed=range(3,3)"): "seed=range(3,3) matches nothing",
}


@pytest.mark.parametrize(("arguments", "message"), BAD_FLAGS.items())
def test_a_bad_flag_or_an_empty_sweep_is_refused_in_one_line(
    nst: Command, arguments: tuple[str, ...], message: str
) -> None:
    outcome = nst(*arguments)
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert outcome.err.startswith("nst: ")
    assert message in outcome.err
    assert not list(Path().rglob("multirun.yaml"))


def test_a_flag_without_its_value_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        flags_first(["size=64", "--config-dir"])
    assert capsys.readouterr().err == "nst: argument --config-dir/-cd: expected one argument\n"


@pytest.mark.parametrize("command", ["repeat", "resume", "show", "fetch", "measure", "report"])
def test_the_other_commands_refuse_a_bad_option_in_one_line(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"nst.{command}", "x", "--foo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("nst: there is no option --foo; ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["seed=1", "-m"], ["-m", "seed=1"]),
        (["seed=1", "--cfg", "job", "size=64"], ["--cfg", "job", "seed=1", "size=64"]),
        (["a=1", "-cd", "mine", "~b"], ["-cd", "mine", "a=1", "~b"]),
        ([], []),
    ],
)
def test_flags_may_be_anywhere(arguments: list[str], expected: list[str]) -> None:
    assert flags_first(arguments) == expected


def test_the_version_is_that_of_nst_and_that_of_hydra(nst: Command) -> None:
    outcome = nst("--version")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == f"nst {version('nst')}, Hydra {version('hydra-core')}\n"


OTHERS = [name for name in run.OTHERS if find_spec(f"nst.{name}")]


@pytest.mark.parametrize("name", OTHERS)
def test_the_other_commands_run_as_the_first_word_and_print_the_version(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["nst", name, "--version"])
    with pytest.raises(SystemExit, match=r"^0$"):
        run.main()
    assert capsys.readouterr() == (f"nst {version('nst')}\n", "")
    monkeypatch.setattr(sys, "argv", ["nst", name, "x", "--foo"])
    with pytest.raises(SystemExit, match=r"^2$"):
        run.main()
    assert "there is no option --foo" in capsys.readouterr().err


def test_run_may_be_written_as_the_first_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["nst", "run", "size=64", "--version"])
    with pytest.raises(SystemExit, match=r"^0$"):
        run.main()
    assert "Hydra" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["--cfg", "job"], ["--version"], ["--hydra-help"]], ids=" ".join)
def test_a_closed_output_ends_a_command_quietly(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "nst.run", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("sweep", [(), ("-m", "seed=1,2")], ids=["run", "sweep"])
def test_runs_continue_quietly_after_their_output_is_closed(
    pictures: Path, tmp_path: Path, sweep: tuple[str, ...]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    images = (f"content.image={pictures / 'content.png'}", f"style.image={pictures / 'style.png'}")
    small = ("extractor=vgg19_slim", "metrics.network=own", "size=64", "steps=2", *images)
    command = [sys.executable, "-m", "nst.run", *small, *sweep]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(tmp_path.rglob("result.png"))) == (2 if sweep else 1)
