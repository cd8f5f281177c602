"""`hydra.searchpath` and `hydra.job.chdir`: the user's configs are found and checked; paths start at the command."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from shutil import copy

import pytest
import yaml

from tests.conftest import Outcome, only_run

Command = Callable[..., Outcome]

STYLE = {"_target_": "nst.style.single", "image": "ink", "scale": 1.2, "aspect": "own"}
FILES = {
    "style/klimt.yaml": STYLE,
    "style/typo.yaml": {**STYLE, "scalle": 2},
    "style/nowhere.yaml": {**STYLE, "_target_": "nst.style.singel"},
    "experiment/mine.yaml": {"defaults": [{"override /style": "klimt"}], "jitter": 0},
    "experiment/typo.yaml": {"sise": 64},
    "effort/low.yaml": {"size": 64, "steps": 1},
    "own.yaml": {"defaults": ["config", {"effort": "low"}, "_self_"], "seed": 7},
}


@pytest.fixture(params=["file://mine", "mine", "pkg://configs_of_mine"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder of configs, as an entry of the search path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    folder = Path(request.param.rpartition("/")[2])
    for name, content in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        head = "# @package _global_\n" if file.parent.name in ("experiment", "effort") else "# mine\n"
        file.write_text(head + yaml.safe_dump(content, sort_keys=False))
    (folder / "__init__.py").touch()
    return request.param


def config_of(run: Path) -> dict:
    return yaml.safe_load((run / "config.yaml").read_text())


def test_own_choices_experiments_and_groups_are_found(nst: Command, place: str) -> None:
    path = f"hydra.searchpath=[{place}]"
    outcome = nst(path, "experiment=mine", "style.image=ink", "+effort=low", "size=64", "steps=1")
    assert outcome.status == 0, outcome.err
    assert config_of(only_run())["style"] == STYLE
    assert json.loads((only_run() / "result.json").read_text())["choices"]["style"] == "klimt"


def test_own_configs_are_checked_like_those_of_nst(nst: Command, place: str) -> None:
    for override, message in {
        "style=typo": "'style.scalle' is unknown; did you mean 'scale'?",
        "style=nowhere": "style._target_: nst.style.singel cannot be imported",
        "experiment=typo": "conf experiment/typo: 'sise' is unknown; did you mean 'size'?",
        "style=klimmt": "there is no style=klimmt; did you mean 'klimt'?",
    }.items():
        outcome = nst(f"hydra.searchpath=[{place}]", override)
        assert (outcome.status, outcome.err.count("\n")) == (2, 1)
        assert message in outcome.err


def test_a_sweep_finds_own_choices_by_a_pattern(nst: Command, place: str) -> None:
    swept = ("sweep_dir=swept", "size=64", "steps=1", "observers=quiet", "hydra/launcher=nst_joblib")
    outcome = nst("-m", f"hydra.searchpath=[{place}]", "style=glob(kl*)", "style.image=ink", *swept)
    assert outcome.status == 0, outcome.err
    (record,) = [json.loads(path.read_text()) for path in Path("swept").glob("*/result.json")]
    assert record["choices"]["style"] == "klimt"


@pytest.mark.parametrize("path", ["file://nowhere", "nowhere", "pkg://nowhere.conf"])
def test_a_missing_folder_is_refused_in_one_line(nst: Command, path: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # of Python; pytest's would make errors of all
        outcome = nst(f"hydra.searchpath=[{path}]")
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert f"there is no folder or package {path.rpartition('/')[2]}" in outcome.err


@pytest.mark.parametrize("chdir", ["true", "false"])
@pytest.mark.parametrize("launcher", ["basic", "nst_joblib"])
def test_paths_start_where_the_command_was_given(nst: Command, pictures: Path, chdir: str, launcher: str) -> None:
    Path("in").mkdir()
    for name in ("content", "style"):
        copy(pictures / f"{name}.png", Path("in") / f"{name}.png")
    given = ("content.image=in/content.png", "style.image=in/style.png", "size=64", "steps=1", "observers=quiet")
    here = Path.cwd()
    if launcher == "basic":
        assert nst(*given, f"hydra.job.chdir={chdir}").status == 0
        assert nst(*given, f"hydra.job.chdir={chdir}", "hydra.run.dir=chosen/run").status == 0
        assert (Path("chosen/run") / "result.png").is_file()
        assert (only_run() / "result.png").is_file()
    sweep = ("content.image=in", "output.folder=below", f"hydra/launcher={launcher}", f"hydra.job.chdir={chdir}")
    assert nst(*given[1:], *sweep).status == 0
    assert len(list(Path("below/sweeps").glob("*/*/result.png"))) == 2
    assert {path.name for path in here.iterdir()} <= {"in", "outputs", "chosen", "below", "cache"}
    assert Path.cwd() == here
