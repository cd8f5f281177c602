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
"""Classes that name a picture for configs; a library call passes arrays."""


@pytest.mark.parametrize("file", GROUP_FILES, ids=str)
def test_every_class_in_the_configs_has_a_public_name(file: Path) -> None:
    for _, node in targets(yaml.safe_load((CONF / file).read_text())):
        if (target := node["_target_"]) not in FOR_CONFIGS:
            module, _, name = target.rpartition(".")
            assert getattr(nst, name).__module__ == module


@pytest.mark.parametrize("name", nst.__all__)
def test_every_public_name_has_a_docstring(name: str) -> None:
    assert getattr(nst, name).__doc__


def test_an_unknown_name_raises_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        nst.nonsense  # noqa: B018


def test_importing_nst_imports_neither_tensorflow_nor_hydra() -> None:
    code = "import sys, nst; nst.read_image; assert not {'tensorflow', 'hydra'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
