"""Photographs by the folder: each is a run of a sweep."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from nst.cli import photographs
from nst.cli.photographs import each_a_run
from tests.conftest import Outcome

Command = Callable[..., Outcome]

NAMES = [
    "plain.jpg", "a b.jpg", "a,b.jpg", "a=b.jpg", "x=1,y=2.jpg", "[g].jpg", "{h}.jpg", "(i).jpg", "it's.jpg",
    'say "x".jpg', "'\".jpg", "größe.jpg", "星.jpg", "#1.jpg", "a#b.jpg", "~t.jpg", "a\\b.jpg", "a\\'b.jpg", "null.jpg",
    "$a.jpg", "a:b.jpg", "a\nb.jpg", "\udcff.jpg", " .jpg", "+x.jpg", "-x.jpg", "@.jpg", "%&!.jpg", "1e5.jpg",
]  # fmt: skip


@pytest.fixture
def photos(tmp_path: Path, pictures: Path) -> Path:
    """A folder with photo2.png, photo10.png and a truncated picture, `broken, 3.png`."""
    folder = tmp_path / "photos"
    folder.mkdir()
    copy(pictures / "content.png", folder / "photo2.png")
    copy(pictures / "style.png", folder / "photo10.png")
    (folder / "broken, 3.png").write_bytes((pictures / "content.png").read_bytes()[:900])
    return folder


def records(folder: Path = Path("swept")) -> dict[str, dict[str, Any]]:
    return {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/result.json")}


@pytest.mark.parametrize("prefix", ["", "++"])
def test_every_name_is_quoted_for_hydra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for name in NAMES:
        (Path("in") / name).touch()
    arguments, image = each_a_run([f"{prefix}content.image=in", "size=64"])
    assert image == "in"
    (override,) = OverridesParser.create().parse_overrides(arguments[:1])
    texts = list(override.sweep_string_iterator())
    parsed = OverridesParser.create().parse_overrides([f"content.image={text}" for text in texts])
    assert sorted(str(one.value()) for one in parsed) == sorted(f"in/{name}" for name in NAMES)
    assert arguments[0].startswith(f"{prefix}content.image=")
    assert arguments[1:] == ["size=64", "hydra.mode=MULTIRUN"]


def test_other_commands_stay_as_they_are(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos)
    for arguments in (
        ["content.image=photo2.png"],
        ["--cfg", "job", "content.image=.."],
        ["content.image=..", "content.image=harbor"],
        ["-m", "content.image=harbor,cat"],
        ["content.image=glob(*)"],
        ["content.image=[.."],
        ["style.image=.."],
        [],
    ):
        assert each_a_run(arguments) == (arguments, "")


def test_a_folder_among_values_and_a_later_override_count(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos.parent)
    (photos / "broken, 3.png").unlink()
    arguments, _ = each_a_run(["-m", "content.image=photos", "content.image=harbor,photos,7", "size=64"])
    assert arguments == [
        "-m",
        "content.image=harbor,photos/photo2.png,photos/photo10.png,7",
        "size=64",
        "hydra.mode=MULTIRUN",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("content.image=photos", "hydra.mode=RUN"), "makes a run of each picture, but hydra.mode=RUN makes one run"),
        (("content.image=photos", "--run"), "makes a run of each picture, but --run makes one run"),
        (("-m", "content.image=photos", "hydra.mode=RUN"), "-m makes a sweep, but hydra.mode=RUN makes one run"),
        (("content.image=photos", "suite=quick"), "the suite chooses the pictures; leave out content.image=photos"),
        (("content.image=photos", "sweep=ablation"), "leave out content.image=photos, or the suite"),
        (("content.image=empty",), "empty is a folder without pictures"),
        (("content.image=photos/*.gif",), "photos/*.gif matches no pictures"),
        (("content.image=money",), "money/${x}.png: a name with '${' is read as a setting; rename the file"),
        (("content.image=photos", "hydra/sweeper=nst_optuna", "seed=1,2"), "a search would choose the easiest"),
        (("content.image=photos/[[", "size=64"), "cannot read 'content.image=photos/[['"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    nst: Command, photos: Path, arguments: tuple[str, ...], message: str
) -> None:
    for folder, name in (("empty", "notes.txt"), ("money", "${x}.png")):
        Path(folder).mkdir()
        (Path(folder) / name).touch()
    outcome = nst(*arguments)
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert message in outcome.err
    assert not list(Path().rglob("result.json"))


@pytest.mark.usefixtures("photos")
def test_the_number_of_pictures_is_bounded(nst: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photographs, "MOST", 2)
    assert "photos has 3 pictures; a sweep takes at most 2" in nst("content.image=photos").err


def test_each_picture_is_a_run_and_a_broken_one_does_not_end_the_others(nst: Command, photos: Path) -> None:
    command = ("content.image=photos", "sweep_dir=swept", "steps=1", "size=64", "observers=quiet")
    outcome = nst(*command)
    assert outcome.status == 1
    assert outcome.err.count("\n") == 1
    assert "photos/broken, 3.png is broken" in outcome.err
    found = records()
    assert sorted(record["status"] for record in found.values()) == ["done", "done", "failed"]
    plan = json.loads(Path("swept/.sweep.json").read_text())["runs"]
    starts = ("content=broken,-3.png,", "content=photo2.png,", "content=photo10.png,")  # brief, as the name is long
    assert all(name.startswith(start) for name, start in zip(plan, starts, strict=True))
    assert sorted(plan) == sorted(found)
    copy(photos / "photo2.png", photos / "broken, 3.png")
    again = nst(*command)
    assert (again.status, again.out.count("done already")) == (0, 2)


@pytest.mark.usefixtures("nst")  # for its folder
def test_a_config_with_a_folder_is_refused_in_one_line(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from nst.run import main

    Path("mine/experiment").mkdir(parents=True)
    Path("mine/experiment/all.yaml").write_text(f"# @package _global_\ncontent: {{image: {photos}}}\n")
    monkeypatch.setattr("sys.argv", ["nst", "--config-dir=mine", "experiment=all", "size=64", "hydra.run.dir=x"])
    assert main() == 2
    assert "names several pictures" in capfd.readouterr().err
    assert not Path("x").exists()


def test_a_folder_of_styles_is_one_mix(nst: Command, photos: Path) -> None:
    (photos / "broken, 3.png").unlink()
    assert nst("style.image=photos", "size=64", "steps=1", "hydra.run.dir=folder").status == 0
    assert nst("style.image=photos/*.png", "size=64", "steps=1", "hydra.run.dir=pattern").status == 0
    folder, pattern = (json.loads(Path(run, "result.json").read_text()) for run in ("folder", "pattern"))
    styles = [folder["provenance"]["pictures"][f"style/{k}"]["source"] for k in range(2)]
    assert [Path(source).name for source in styles] == ["photo2.png", "photo10.png"]
    assert folder["metrics"] == pattern["metrics"]
