"""`nst.compose`: the config of a command in Python, its transfer, and its run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import hydra
import numpy as np
import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

import nst
from nst.image.io import read_result, to_uint8
from nst.runner.hydra_versions import VERSION_BASE
from tests.conftest import ROOT

SMALL = ("extractor=vgg19_slim", "metrics.network=own", "size=64", "steps=3", "style=ink")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def compose(*overrides: str, **settings: str) -> nst.Composed:
    return nst.compose(*overrides, **settings)


def test_it_is_the_config_of_the_command() -> None:
    command = [sys.executable, "-m", "nst.run", "--cfg", "job", "--resolve", *SMALL]
    printed = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    ).stdout
    own, theirs = (OmegaConf.to_container(OmegaConf.create(text)) for text in (str(compose(*SMALL)), printed))
    assert isinstance(own, dict)
    assert isinstance(theirs, dict)
    assert {**own, "sweep_dir": ""} == {**theirs, "sweep_dir": ""}  # it contains the time


def test_the_transfer_and_the_run_give_the_same_picture() -> None:
    composed = compose(*SMALL)
    result = nst.stylize(composed.transfer())
    record = composed.run("here")
    assert json.loads(Path("here/result.json").read_text()) == record
    assert (record["status"], record["overrides"], record["choices"]["style"]) == ("done", list(SMALL), "ink")
    np.testing.assert_array_equal(to_uint8(result.image), read_result(Path("here/result.png")))
    composed.config.seed = 7
    assert composed.run()["seed"] == 7
    assert [path.name.endswith("_harbor_ink") for path in Path("outputs").iterdir() if path.is_dir()] == [True]
    composed.config.tiles = 512
    assert composed.transfer().tiles == 512


def test_a_folder_of_configs_of_a_persons_own(tmp_path: Path) -> None:
    folder = tmp_path / "it's mine, really" / "style"
    folder.mkdir(parents=True)
    (folder / "klimt.yaml").write_text("_target_: nst.style.single\nimage: klimt.jpg\n")
    assert compose("style=klimt", config_dir=str(folder.parent)).config.style.image == "klimt.jpg"
    with pytest.raises(nst.InputError, match="config_dir: there is no folder /nowhere"):
        compose(config_dir="/nowhere")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("loss.style.wieght=3", "'loss.style.wieght' is unknown; did you mean 'weight'?"),
        ("color=keep", "there is no color=keep; did you mean color=luminance or color=histogram?"),
        ("optimizer=adam,lbfgs", "'optimizer=adam,lbfgs' has more than one value"),
        ("seed=x", "seed: Value 'x' of type 'str' could not be converted to Integer"),
        ("size", "'size' is not an override"),
        ("suite=quick", "nst.compose makes one run"),
        ("replicates=2", "nst.compose makes one run"),
        ("sweep=styles", "nst.compose makes one run"),
    ],
)
def test_an_invalid_override_is_one_line(override: str, message: str) -> None:
    with pytest.raises(nst.InputError) as caught:
        compose(override)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert not GlobalHydra.instance().is_initialized()


def test_a_missing_picture_is_one_line_and_leaves_no_folder() -> None:
    composed = compose("content.image=nowhere.jpg")
    for call in (composed.transfer, composed.run):
        with pytest.raises(nst.InputError, match=r"^content.image: nowhere.jpg: there is no such file$"):
            call()
    assert not list(Path().glob("outputs/*"))


def test_it_works_inside_another_application_of_hydra(tmp_path: Path) -> None:
    (tmp_path / "theirs.yaml").write_text("a: 1\n")
    with initialize_config_dir(str(tmp_path), **VERSION_BASE):
        assert compose("size=300").config.size == 300
        assert hydra.compose("theirs").a == 1
