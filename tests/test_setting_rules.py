"""What each key counts for, and that every key says it."""

import pytest
import yaml

from nst.runner.schema import Config
from nst.setting_rules import PICTURE_KEY, RULES, identity_part, rule
from tests.conftest import CONF


@pytest.mark.parametrize("key", Config.__dataclass_fields__)
def test_every_key_has_a_rule_of_its_own(key: str) -> None:
    assert key in RULES


def test_hydra_leaves_out_of_folder_names_what_the_rules_say() -> None:
    config = yaml.safe_load((CONF / "config.yaml").read_text())
    excluded = config["hydra"]["job"]["config"]["override_dirname"]["exclude_keys"]
    assert set(excluded) == {key for key, found in RULES.items() if not found.named}


def test_the_nearest_rule_holds() -> None:
    assert rule("loss/style") == rule("loss.style.weight") == PICTURE_KEY
    assert not rule("observers.prune").named
    assert rule("observers.console.every").named
    assert rule("optimizer@optimizer.optimizer").identity


def test_the_part_of_the_identity_is_a_part() -> None:
    config = {"size": 1, "output": {"folder": "x", "bits": 8}, "threads": 3, "extractor": {"convolution": "direct"}}
    assert identity_part(config) == {"size": 1, "output": {"bits": 8}, "extractor": {}}
