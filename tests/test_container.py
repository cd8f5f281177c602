"""The Containerfile: what it copies, who runs in it, and where it writes."""

import re
import shlex
import tomllib

import pytest

from tests.conftest import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GUIDE = (ROOT / "docs" / "how_to" / "containers.md").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, list[str]]]:
    """The instructions of the Containerfile with their words, without comments."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Containerfile").read_text(encoding="utf-8"), flags=re.M)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [(line.split()[0], shlex.split(line.partition(" ")[2])) for line in lines]


INSTRUCTIONS = instructions()
COPIED = [
    name
    for instruction, words in INSTRUCTIONS
    if instruction == "COPY" and not words[0].startswith("--from")
    for name in words[:-1]
]


def of(kind: str) -> list[list[str]]:
    return [words for instruction, words in INSTRUCTIONS if instruction == kind]


@pytest.mark.parametrize("name", COPIED)
def test_what_is_copied_exists(name: str) -> None:
    assert (ROOT / name).exists()


def test_the_ignore_file_lets_through_exactly_what_is_copied() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert sorted(rule[1:] for rule in rules if rule.startswith("!")) == sorted(COPIED)
    assert "**/__pycache__" in rules


def test_the_base_is_a_slim_image_of_a_tested_python() -> None:
    bases = {words[0] for words in of("FROM")}
    assert len(bases) == 1
    version = re.fullmatch(r"python:(3\.\d+)-slim-\w+", bases.pop())
    assert version
    assert f"Programming Language :: Python :: {version[1]}" in PYPROJECT["project"]["classifiers"]


def test_nst_runs_as_a_user_without_rights_and_is_the_entry_point() -> None:
    (user,) = of("USER")
    assert user == ["nst"]
    (entry,) = of("ENTRYPOINT")
    assert entry == ["[nst]"]  # the form without a shell, so that nst gets the signals
    assert "nst" in PYPROJECT["project"]["scripts"]


def test_caches_and_results_are_volumes() -> None:
    (variables,) = of("ENV")
    folders = dict(word.split("=") for word in variables)
    assert set(folders) == {"NST_CACHE", "KERAS_HOME"}
    (volumes,) = of("VOLUME")
    cache, results = (volume.strip("[],") for volume in volumes)
    assert all(folder.startswith(f"{cache}/") for folder in folders.values())
    assert results == f"{of('WORKDIR')[-1][0]}/outputs"  # output.folder in the working directory


def test_no_extra_is_installed_unless_it_is_asked_for() -> None:
    assert of("ARG") == [["EXTRA="]]
    assert "EXTRA=gpu" in GUIDE
    assert "gpu" in PYPROJECT["project"]["optional-dependencies"]


def test_the_guide_uses_the_volumes() -> None:
    (volumes,) = of("VOLUME")
    assert all(f":{volume.strip('[],')}" in GUIDE for volume in volumes)
