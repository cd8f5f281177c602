"""The README's code and commands, executed as printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

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


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_every_relative_link_has_a_target(link: str) -> None:
    assert link.startswith("https://") or (ROOT / link).exists()


def test_the_first_block_has_two_commands() -> None:
    assert len(blocks("")[0].splitlines()) == 2


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 200
