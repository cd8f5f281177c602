"""What `nst.show` prints of pictures, runs and sweeps: the command makes the same config, and nothing is evaluated."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from nst import show
from nst.cli import configs
from nst.cli.command import command, in_hydra
from nst.cli.config_files import ConfigFiles
from nst.errors import InputError
from nst.image.texts import packet
from nst.runner.instantiate import settings_of
from nst.runtime import lock
from tests.conftest import ROOT, Outcome, in_process

Command = Callable[..., Outcome]
FILES = ConfigFiles()
configs.register()


@pytest.fixture
def show_command(nst: Command, capfd: pytest.CaptureFixture[str]) -> Command:
    """`nst.show` in this process, in the folder of the `nst` fixture."""
    return in_process(show.main, capfd)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, shared by all tests of this module."""
    return tmp_path_factory.mktemp("made") / "run"


@pytest.fixture
def run(nst: Command, stored: Path) -> Path:
    """The folder of a run in all formats, in the working directory."""
    if not stored.is_dir():
        made = nst("hydra.run.dir=run", "loss.style.weight=7", "output.formats=[jpg,webp,tiff]", 'notes="a, b"')
        assert made.status == 0, made.err
        shutil.copytree("run", stored)
    else:
        shutil.copytree(stored, "run")
    return Path("run")


COMPOSED = [
    [],
    ["experiment=blog"],
    ["loss/style=mix", "loss.style.parts.mrf.weight=3", "loss/content=laplacian"],
    ["optimizer=averaged", "optimizer@optimizer.optimizer=sgd"],
    ["observers=quiet", "size=[64,80]", "style=blend", "stop.tolerance=inf"],
    ["content.image=\"a 'b', c=1 größe.jpg\"", 'notes="{x: [1]} 5% ~ \\\\"'],
    ['notes="12"', 'style.image="null"', "tags=[a,b]", "score=[ssim,style_distance]", "fallback=false"],
]


@pytest.mark.parametrize("overrides", COMPOSED, ids=" ".join)
def test_the_command_composes_the_same_config(overrides: list[str]) -> None:
    config = settings_of(FILES.composed(overrides))
    words = shlex.split(command(config, {}, FILES))
    assert words[:3] == ["python", "-m", "nst.run"]
    again = settings_of(FILES.composed(words[3:]))
    assert {**again, "sweep_dir": ""} == {**config, "sweep_dir": ""}


def test_the_command_is_short() -> None:
    config = settings_of(FILES.composed(["style=ink", "optimizer=adam", "loss.style.weight=3"]))
    assert command(config, {}, FILES) == "python -m nst.run style=ink optimizer=adam loss.style.weight=3"
    own = settings_of(FILES.composed(["content.image=me.jpg"]))
    assert command(own, {}, FILES) == "python -m nst.run content.image=me.jpg"


@pytest.mark.parametrize("value", ["", "a\\", '\\"', "null", "1e3", "a,b", "[x]", "a: b", "~", "größe", " a ", "$x"])
def test_texts_are_quoted_for_hydra(value: str) -> None:
    assert FILES.composed([f"notes={in_hydra(value)}"]).notes == value


@pytest.mark.parametrize("name", ["result.png", "result.jpg", "result.webp", "result.tiff", "copy.jpg", ""])
def test_a_picture_and_a_run_are_shown(run: Path, show_command: Command, name: str) -> None:
    shutil.copy(run / "result.jpg", run / "copy.jpg")
    outcome = show_command(run / name)
    assert (outcome.status, outcome.err) == (0, "")
    for text in ("loss.style.weight=7", 'notes="a, b"', "vgg19_slim", "CPU", "SHA-256", "python -m nst.repeat run"):
        assert text in outcome.out, text
    in_a_run = name != "copy.jpg"
    for text in ("state      done", "style_distance", "4 evaluations", "size       80x64"):
        assert (text in outcome.out) == in_a_run, text


def test_all_settings_and_data_for_programs(run: Path, show_command: Command) -> None:
    settings = yaml.safe_load((run / "config.yaml").read_text())
    full = show_command(run, "--full").out
    assert yaml.safe_load(full.partition("\n\n")[2]) == settings
    data = json.loads(show_command(run / "result.webp", "--json").out)
    assert data["settings"] == settings
    assert data["record"] == json.loads((run / "result.json").read_text())
    assert (data["kind"], data["state"], data["problem"]) == ("picture", "done", None)


def test_the_state_of_runs_that_are_not_done(run: Path, show_command: Command) -> None:
    def state() -> str:
        return str(json.loads(show_command(run, "--json").out)["state"])

    record = json.loads((run / "result.json").read_text())
    (run / "result.jpg").unlink()
    assert state() == "done; result.jpg: it is missing"
    failed = record | {"status": "failed", "error": "no space"}
    (run / "result.json").write_text(json.dumps(failed))
    assert state() == "failed: no space"
    assert "resume     python -m nst.resume run" in show_command(run).out
    (run / "result.json").unlink()
    assert state() == "unfinished"
    with_lock = lock.Held(run / lock.NAME)
    assert state() == "running"
    assert "nst.resume" not in show_command(run).out
    with_lock.release()


def test_a_sweep_and_other_folders(nst: Command, show_command: Command) -> None:
    assert nst("-m", "seed=1,2", "sweep_dir=swept").status == 0
    shutil.rmtree(next(Path("swept").glob("*seed=2*")))
    out = show_command("swept").out
    assert "runs       1 done, 1 not started" in out
    assert "python -m nst.report swept" in out
    assert "python -m nst.resume swept" in out
    assert json.loads(show_command("swept", "--json").out)["states"] == {"done": 1}
    Path("empty").mkdir()
    for source, message in (("empty", "neither a run nor a folder of runs"), ("nowhere", "no such picture or run")):
        outcome = show_command(source)
        assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
        assert message in outcome.err


def hostile(**changes: Any) -> dict[str, Any]:
    return settings_of(FILES.composed([])) | changes


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (hostile(optimizer={"_target_": "os.system", "command": "touch made"}), "os.system, which conf/optimizer"),
        (hostile(notes="${oc.env:HOME}"), "is an interpolation"),
        (hostile(stepz=3), "'stepz' is unknown"),
        (hostile(notes="a\nb"), "not printable"),
    ],
)
def test_a_hostile_recipe_is_shown_without_a_command(
    show_command: Command, config: dict[str, Any], message: str
) -> None:
    picture(Path("foreign.jpg"), config)
    outcome = show_command("foreign.jpg", "--full")
    assert (outcome.status, outcome.err) == (0, "")
    assert "command    none: " in outcome.out
    assert message in outcome.out
    assert os.environ["HOME"] not in outcome.out
    assert not Path("made").exists()


def picture(path: Path, config: dict[str, Any], record: object = None) -> None:
    """Write a JPEG with a recipe."""
    text = {"nst.config": yaml.safe_dump(config), "nst.record": json.dumps(record or {})}
    Image.new("RGB", (8, 8)).save(path, xmp=packet(text))


def test_nothing_reaches_the_terminal_unchanged_or_without_end(show_command: Command) -> None:
    evil = "\x1b]0;title\x07\x1b[2J\u2028" + "x" * 100_000
    entry = {"name": evil, "source": evil, "credit": evil, "sha256": evil, "instead_of": evil}
    provenance = {"pictures": {evil: entry}, "device": evil, "versions": {evil: evil}, "git_commit": evil}
    picture(Path("foreign.jpg"), hostile(tags=[evil], notes=evil), {"provenance": provenance, "identity": evil})
    for arguments in ((), ("--full",), ("--json",)):
        out = show_command("foreign.jpg", *arguments).out
        assert not set("\x1b\x07\u2028") & set(out)
        assert arguments or (len(out) < 50_000 and all(line.isprintable() for line in out.splitlines()))


def test_an_address_with_secrets_is_never_shown(show_command: Command) -> None:
    secret = hostile(content={"_target_": "nst.content.Content", "image": "https://me:pw@host/a.jpg?t=1", "mask": None})
    picture(Path("foreign.jpg"), secret)
    for arguments in (("--full",), ("--json",)):
        assert "pw@" not in show_command("foreign.jpg", *arguments).out


def test_it_does_not_import_tensorflow(run: Path) -> None:
    code = f"import sys; from nst import show; show.main([{str(run)!r}]); assert 'tensorflow' not in sys.modules"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, stdout=subprocess.DEVNULL)


def test_the_command_names_only_files_that_are_there() -> None:
    config = settings_of(FILES.composed(["style=ink"]))
    assert "style=ink" in command(config, {"style": "gone"}, FILES)
    with pytest.raises(InputError, match="no command composes this config"):
        command({**config, "optimizer": 3}, {}, FILES)
