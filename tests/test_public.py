"""The names that `from nst import ...` offers."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import nst
from tests.conftest import ROOT
from tests.test_config import CONF, GROUP_FILES, targets

FOR_CONFIGS = {"nst.content.Content", "nst.init.Picture", "nst.style.blend", "nst.style.single"}
"""What names a picture, which a library reads by itself."""


@pytest.mark.parametrize("file", GROUP_FILES, ids=str)
def test_every_choice_of_every_group_is_there_by_its_plain_name(file: Path) -> None:
    for _, node in targets(yaml.safe_load((CONF / file).read_text())):
        if (target := node["_target_"]) not in FOR_CONFIGS:
            module, _, name = target.rpartition(".")
            assert getattr(nst, name).__module__ == module


@pytest.mark.parametrize("name", nst.__all__)
def test_every_name_leads_somewhere(name: str) -> None:
    assert getattr(nst, name).__doc__


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        nst.nonsense  # noqa: B018


def test_importing_nst_waits_for_nothing() -> None:
    code = "import sys, nst; nst.read_image; assert not {'tensorflow', 'hydra'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
