"""Suites: each setting runs on every pair; what does not fit is refused before the first run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from nst.errors import InputError
from nst.sweep import suite
from tests.conftest import Outcome

Command = Callable[..., Outcome]
Tiny = tuple[str, str]


def records(folder: Path = Path("swept")) -> dict[str, dict[str, Any]]:
    return {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/result.json")}


def config_of(name: str, folder: Path = Path("swept")) -> dict[str, Any]:
    return yaml.safe_load((folder / name / "config.yaml").read_text())


def test_each_setting_runs_on_every_pair_without_m(nst: Command, tiny_suite: Tiny, pictures: Path) -> None:
    done = nst(*tiny_suite, "loss.style.weight=1,2", "sweep_dir=swept", "steps=2")
    assert done.status == 0
    found = records()
    assert len(found) == 4
    for name in found:
        config = config_of(name)
        assert f"pair={config['pair']}," in name
        first, second = ("content", "style") if config["pair"] == "near" else ("style", "content")
        assert config["content"]["image"] == str(pictures / f"{first}.png")
        assert config["style"]["image"] == str(pictures / f"{second}.png")
        assert (config["pairs"], config["content"]["mask"]) == ({}, None)


def test_a_suite_has_the_same_pictures_as_single_runs(nst: Command, tiny_suite: Tiny) -> None:
    """The pair is no part of a run's identity."""
    nst(*tiny_suite, "pair=near", "sweep_dir=swept", "steps=2")
    (of_suite,) = records().values()
    nst("hydra.run.dir=single", "steps=2")
    single = json.loads(Path("single/result.json").read_text())
    assert single["identity"] == of_suite["identity"]
    assert single["metrics"] == of_suite["metrics"]


def test_pairs_come_before_settings_and_a_repeated_command_computes_nothing(nst: Command, tiny_suite: Tiny) -> None:
    command = (*tiny_suite, "loss.style.weight=1,2", "sweep_dir=swept", "steps=1")
    nst(*command)
    names = json.loads(Path("swept/.sweep.json").read_text())["runs"]
    assert [name.partition("pair=")[2].partition(",")[0] for name in names] == ["near", "near", "far", "far"]
    assert sorted(names) == sorted(records())
    assert nst(*command).out.count("done already") == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("suite=quik",), "there is no suite=quik; did you mean 'quick'?"),
        (("suite=quick", "pair=cat_inc"), "pair 'cat_inc' is not in this suite; did you mean 'cat_ink'?"),
        (("suite=quick", "pair=cat_ink,cat_inc"), "did you mean 'cat_ink'?"),
        (("+suite=quick",), "write suite=quick, without +"),
        (("-m", "suite=quick,bundled"), "suite is the same for all runs of a sweep; give it one value"),
        (("suite=quick", "notes=one,two"), """a text with commas as 'notes="a,b"'"""),
        (("pair=cat_ink",), "pair=cat_ink needs a suite"),
        (("-m", "pair=cat_ink,b"), "pair=cat_ink needs a suite"),
        (("suite=quick", "content=cat"), "leave out content=cat"),
        (("suite=quick", "style.image=ink,mosaic"), "leave out style.image=ink,mosaic"),
        (("suite=quick", "sweep=styles"), "leave out style=starry_night,"),
        (("suite=quick", "experiment=interpolate"), "style=blend has several"),
        (("replicates=2", "init=noise", "hydra.mode=RUN"), "replicates and ablate make a sweep"),
        (("suite=quick", "hydra.mode=RUN"), "a run of a suite needs its pair: add pair=harbor_starry_night"),
        (("--config-dir=mine", "suite=lost"), "pairs.a.style: 'ikn' is neither a known name nor a file; did"),
        (("--config-dir=mine", "suite=half"), "pairs.a has no style"),
        (("--config-dir=mine", "suite=more"), "'pairs.a.maks' is unknown; did you mean 'mask'?"),
        (("--config-dir=mine", "suite=named"), "the name 'a b' must be a word"),
        (("--config-dir=mine", "suite=bare"), "content.image is not that of the pair: a suite has /pairs"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_one_line(nst: Command, arguments: tuple[str, ...], message: str) -> None:
    own = {
        "lost": "defaults: [/pairs]\npairs: {a: {content: cat, style: ikn}}",
        "half": "defaults: [/pairs]\npairs: {a: {content: cat}}",
        "more": "defaults: [/pairs]\npairs: {a: {content: cat, style: ink, maks: cat}}",
        "named": "defaults: [/pairs]\npairs: {a b: {content: cat, style: ink}}",
        "bare": "pairs: {a: {content: cat, style: ink}}",
    }
    Path("mine/suite").mkdir(parents=True)
    for name, text in own.items():
        Path(f"mine/suite/{name}.yaml").write_text(f"# @package _global_\n{text}\n")
    outcome = nst(*arguments)
    assert outcome.status == 2
    assert message in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert not list(Path().rglob("result.json"))


def test_a_pair_may_have_a_mask_and_addresses_leave_no_secret(nst: Command, pictures: Path) -> None:
    content, secret = str(pictures / "content.png"), "https://me:word@127.0.0.1:9/a.png?token=query"
    pairs = {
        "masked": {"content": content, "style": str(pictures / "style.png"), "mask": content},
        "far": {"content": content, "style": secret},
    }
    Path("mine/suite").mkdir(parents=True)
    text = yaml.safe_dump({"defaults": ["/pairs"], "pairs": pairs})
    Path("mine/suite/own.yaml").write_text(f"# @package _global_\n{text}")
    assert nst("--config-dir=mine", "suite=own", "sweep_dir=swept", "steps=1").status == 1
    status = {config_of(name)["pair"]: record["status"] for name, record in records().items()}
    assert status == {"masked": "done", "far": "failed"}
    for file in Path("swept").rglob("*"):
        if file.is_file():
            written = file.read_bytes()
            assert b"me:word" not in written, file
            assert b"token=query" not in written, file


def test_a_run_of_a_suite_is_repeated_without_the_suite(
    nst: Command, tiny_suite: Tiny, repeat_command: Callable[..., Outcome]
) -> None:
    nst(*tiny_suite, "pair=far", "sweep_dir=swept", "steps=1", "tags=[a,b]", "notes='seen twice'")
    (name,) = records()
    outcome = repeat_command(Path("swept") / name / "result.png")
    assert outcome.status == 0
    assert "the pixels are identical" in outcome.out
    (again,) = (path for path in Path("outputs").iterdir() if path.is_dir())
    config = yaml.safe_load((again / "config.yaml").read_text())
    assert (config["pair"], config["tags"], config["notes"]) == ("far", ["a", "b"], "seen twice")
    assert repeat_command(Path("swept") / name, "pair=near").status == 2
    assert repeat_command(Path("swept") / name, "replicates=2").status == 2
    assert repeat_command(Path("swept") / name, "style.scale=1.1", "content=cat", "size=64").status == 0
    changed = max((path for path in Path("outputs").iterdir() if path.is_dir()), key=lambda path: path.name)
    assert yaml.safe_load((changed / "config.yaml").read_text())["pair"] is None


def test_pairs_are_checked_and_lose_empty_masks() -> None:
    config = OmegaConf.create({"pairs": {"a": {"content": "cat", "style": "ink", "mask": None}}})
    assert suite.pairs(config) == {"a": {"content": "cat", "style": "ink"}}
    assert suite.pairs(OmegaConf.create({})) == {}
    with pytest.raises(InputError, match="must be a word"):
        suite.pairs(OmegaConf.create({"pairs": {"null": {"content": "cat", "style": "ink"}}}))
