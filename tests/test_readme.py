"""What the README shows is run as it stands there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_config import load

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def test_the_library_example_runs(pictures: Path, tmp_path: Path) -> None:
    (code,) = blocks("python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 13
    small = code.replace("384", "80").replace("512", "96").replace("optimizer=LBFGS(),", "optimizer=LBFGS(), steps=4,")
    small = small.replace('"content.png"', repr(str(pictures / "content.png")))
    small = small.replace('"style.png"', repr(str(pictures / "style.png")))
    subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", "-c", small], cwd=tmp_path, check=True, env=environment()
    )
    assert (tmp_path / "styled.png").is_file()


def environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}


COMMANDS = [line for block in blocks("") for line in block.splitlines() if "-m nst.run" in line]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_composes(command: str) -> None:
    arguments = shlex.split(command.partition("-m nst.run")[2], comments=True)
    overrides = [argument for argument in arguments if not argument.startswith("-")]
    if "-m" in arguments:  # one point of the sweep
        overrides = [re.sub(r",[^\[\]]*$", "", override) for override in overrides]
    assert load(*overrides).seed >= 0


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_every_link_into_the_project_leads_somewhere(link: str) -> None:
    assert link.startswith("https://") or (ROOT / link).exists()


def test_the_first_block_is_the_two_commands() -> None:
    assert len(blocks("")[0].splitlines()) == 2
