"""The rules of the config's keys, and that every key has one."""

import pytest
import yaml

from nst.runner.schema import Config
from nst.setting_rules import PICTURE_KEY, RULES, identity_part, rule
from tests.conftest import CONF


@pytest.mark.parametrize("key", Config.__dataclass_fields__)
def test_every_top_level_key_has_a_rule(key: str) -> None:
    assert key in RULES


def test_hydra_and_the_rules_exclude_the_same_keys_from_folder_names() -> None:
    config = yaml.safe_load((CONF / "config.yaml").read_text())
    excluded = config["hydra"]["job"]["config"]["override_dirname"]["exclude_keys"]
    assert set(excluded) == {key for key, found in RULES.items() if not found.named}


def test_the_most_specific_rule_applies() -> None:
    assert rule("loss/style") == rule("loss.style.weight") == PICTURE_KEY
    assert not rule("observers.prune").named
    assert rule("observers.console.every").named
    assert rule("optimizer@optimizer.optimizer").identity


def test_identity_part_keeps_only_settings_that_count_for_the_identity() -> None:
    config = {"size": 1, "output": {"folder": "x", "bits": 8}, "threads": 3, "extractor": {"convolution": "direct"}}
    assert identity_part(config) == {"size": 1, "output": {"bits": 8}, "extractor": {}}
