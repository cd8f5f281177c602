"""A user's loss outside the package: a .py and a .yaml file in the working directory."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nst import resume
from nst.cli import config_files, configs
from nst.cli.recipe import compose_recipe
from nst.errors import InputError
from tests.conftest import Outcome, only_run

LOSS = '''
from dataclasses import dataclass, field
from typing import ClassVar

import tensorflow as tf

from nst.loss.contract import Target
from nst.loss.per_layer import PerLayer, averaged


def mean(features):
    return tf.reduce_mean(features, [0, 1, 2])


@dataclass(frozen=True)
class Means(PerLayer):
    """Square distance of the channels' means."""

    term: ClassVar[str] = "loss.style"
    normalizers: ClassVar[dict] = {"mean": lambda target, C, M, HW: 1.0}

    power: float = field(default=2.0, kw_only=True)

    def target(self, reference):
        values = averaged(reference.styles, self.layers, mean)
        return Target(values, self.scales(values, reference))

    def __call__(self, features, target):
        return {
            layer: tf.reduce_mean(tf.abs(mean(features[layer]) - target[layer]) ** self.power) for layer in self.layers
        }
'''

CONFIG = """
_target_: mine.Means
weight: 30
layers: [block1_conv1, block3_conv1]
layer_weights: null
normalizer: mean
power: 2.0
"""


@pytest.fixture
def user_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory with both files."""
    (tmp_path / "mine.py").write_text(LOSS)
    (tmp_path / "my_configs/loss/style").mkdir(parents=True)
    (tmp_path / "my_configs/loss/style/means.yaml").write_text(CONFIG)
    monkeypatch.syspath_prepend(tmp_path)  # as `python -m` does
    return tmp_path


@pytest.mark.usefixtures("user_loss")
def test_a_user_loss_runs_and_is_recorded(nst: Callable[..., Outcome]) -> None:
    outcome = nst("--config-dir=my_configs", "loss/style=means", "loss.style.power=1.5", "steps=6")
    assert outcome.status == 0, outcome.err
    record = json.loads((only_run() / "result.json").read_text())
    assert set(record["canonical"]["style"]) == {"block1_conv1", "block3_conv1"}
    assert record["choices"]["loss/style"] == "means"


@pytest.mark.usefixtures("user_loss")
def test_an_unknown_setting_of_a_user_loss_is_reported(nst: Callable[..., Outcome]) -> None:
    outcome = nst("--config-dir=my_configs", "loss/style=means", "+loss.style.powre=1.5")
    assert outcome.status == 2
    assert "'loss.style.powre' is unknown; did you mean 'power'?" in outcome.err


@pytest.mark.usefixtures("user_loss")
def test_a_user_loss_is_repeated_and_resumed_with_the_folder_of_its_config(
    nst: Callable[..., Outcome], repeat_command: Callable[..., Outcome]
) -> None:
    assert nst("--config-dir=my_configs", "loss/style=means", "hydra.run.dir=here").status == 0
    refused = repeat_command("here")
    assert (refused.status, refused.err.count("\n")) == (2, 1)
    assert "loss.style._target_ is mine.Means, which conf/loss/style does not name; --config-dir" in refused.err
    outcome = repeat_command("here/result.png", "--config-dir", "my_configs")
    assert (outcome.status, outcome.err) == (0, "")
    assert "the pixels are identical" in outcome.out
    assert repeat_command("--config-dir=my_configs", "here", "loss/style=means", "loss.style.power=1.5").status == 0
    assert resume.main(["here", "--config-dir", "my_configs"]) == 0
    assert "there is no such folder" in repeat_command("here", "--config-dir", "nowhere").err


@pytest.mark.usefixtures("user_loss")
def test_a_class_in_another_group_than_its_config_is_refused(nst: Callable[..., Outcome]) -> None:
    configs.register()
    files = config_files.of(Path("my_configs"))
    with pytest.raises(InputError, match=r"optimizer._target_ is mine\.Means, which conf/optimizer and .* do not name"):
        compose_recipe({"optimizer": {"_target_": "mine.Means"}}, files)
    with pytest.raises(InputError, match=r"os\.system"):
        compose_recipe({"loss": {"style": {"_target_": "os.system"}}}, files)
    assert compose_recipe({"loss": {"style": {"_target_": "mine.Means"}}}, files).loss.style._target_ == "mine.Means"
