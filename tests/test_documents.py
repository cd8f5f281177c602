"""The documents against the code: files, paths and rules; the examples are executed."""

import importlib
import inspect
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from nst.setting_rules import RULES
from tests.conftest import ROOT, Outcome, only_run
from tests.test_imports import FILES, HEIGHT

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
DOCUMENTS = {"docs/architecture.md": ARCHITECTURE, "CONTRIBUTING.md": CONTRIBUTING}
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
LISTING = ARCHITECTURE.partition("```\nnst/\n")[2].partition("\n```")[0]
ONE_IDEA_PER_FILE = ("content", "style", "smooth")  # folders of losses, listed without their files
WIDEST = 120


class Example(NamedTuple):
    """A file shown in CONTRIBUTING.md, under the step that names its path."""

    path: str
    language: str
    text: str


def examples() -> list[Example]:
    found, path = [], ""
    for part in re.split(r"^(```\w*\n.*?^```$)", CONTRIBUTING, flags=re.M | re.S):
        if fence := re.fullmatch(r"```(\w*)\n(.*?)```", part, re.S):
            if fence[1]:
                found.append(Example(path, fence[1], fence[2]))
        elif steps := re.findall(r"^\d+\. `([^`]+)`", part, re.M):
            path = steps[-1]
    return found


EXAMPLES = examples()
SHOWN = {example.path for example in EXAMPLES}
MADE = {"nst/bundled/pictures/dunes.jpg"}  # a command of CONTRIBUTING.md makes it


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.path)
def test_every_example_can_be_read(example: Example) -> None:
    assert example.path.endswith(f".{'py' if example.language == 'python' else example.language}")
    if example.language == "python":
        compile(example.text, example.path, "exec")
    else:
        assert yaml.safe_load(example.text)


def test_each_kind_of_part_has_its_example() -> None:
    folders = ("nst/loss", "nst/optimizer", "nst/observers", "conf/experiment", "conf/sweep", "conf/style")
    assert all(any(path.startswith(f"{folder}/") for path in SHOWN) for folder in folders)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_exists(document: str) -> None:
    named = set(re.findall(r"`((?:nst|conf|tests|scripts|docs|hydra_plugins)/[\w./-]*)`", DOCUMENTS[document]))
    assert len(named) > 20
    missing = [path for path in named - SHOWN - MADE if "NAME" not in path and not (ROOT / path).exists()]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    text = DOCUMENTS[document]
    anchors = {re.sub(r"[^\w-]", "", title.lower().replace(" ", "-")) for title in re.findall("^#+ (.*)", text, re.M)}
    for link in re.findall(r"\]\(([^)]+)\)", text):
        there = link[1:] in anchors if link.startswith("#") else ((ROOT / document).parent / link).exists()
        assert there, link


@pytest.mark.parametrize("document", [*DOCUMENTS, "CHANGELOG.md"])
def test_lines_are_not_too_wide(document: str) -> None:
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if len(line) > WIDEST]


def test_the_packages_are_listed_from_top_to_bottom() -> None:
    names = [name.removesuffix(".py") for line in LISTING.splitlines() for name in _listed(line)]
    listed = [name for name in names if name in HEIGHT]
    assert sorted(listed) == sorted(HEIGHT)
    assert [HEIGHT[name] for name in listed] == sorted(HEIGHT.values(), reverse=True)


def _listed(line: str) -> list[str]:
    """The modules and packages at the start of a line of the listing, if it is at nst's top level."""
    names = re.match(r"  (\w[\w./ ]*?)(?:  |$)", line)
    return [name.rstrip("/") for name in names[1].split()] if names else []


def test_every_module_is_listed() -> None:
    listed = set(re.findall(r"\w+\.py", LISTING))
    names = {path.name for path in FILES if path.parent.name not in ONE_IDEA_PER_FILE and path.name != "__init__.py"}
    assert names <= listed
    assert not [name for name in listed if not any(path.name == name for path in FILES)]


def test_the_table_of_rules_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| (yes|no) \| (yes|no) \| (yes|no) \|$", ARCHITECTURE, re.M)
    expected = [
        (key, *("yes" if counts else "no" for counts in (rule.identity, rule.named, rule.compared)))
        for key, rule in RULES.items()
    ]
    assert rows == expected


def test_the_citation_has_the_projects_version_and_license() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for key, theirs in (("title", "name"), ("version", "version"), ("license", "license"), ("authors", "authors")):
        assert citation[key] == project[theirs]


def test_every_hook_is_local() -> None:
    assert [repo["repo"] for repo in HOOKS["repos"]] == ["local"]
    assert {hook["language"] for hook in HOOKS["repos"][0]["hooks"]} == {"system"}


OWN = [example for example in EXAMPLES if re.match(r"(nst/(?!bundled)|tests/|conf/)", example.path)]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The examples in a folder outside the tree, by the rule in CONTRIBUTING.md."""
    inside = [Path(example.path).with_suffix("") for example in OWN if example.path.startswith("nst/")]
    for path, language, text in OWN:
        for module in inside:
            text = text.replace(".".join(module.parts), module.name)
        place = Path(path).name if language == "python" else path.replace("conf/", "my_configs/", 1)
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)  # as `python -m` does
    yield tmp_path
    for path, *_ in OWN:
        sys.modules.pop(Path(path).stem, None)


def test_the_examples_keep_their_own_tests(own: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    tests = [importlib.import_module(path.stem) for path in sorted(own.glob("test_*.py"))]
    run = [test for module in tests for name, test in vars(module).items() if name.startswith("test_")]
    assert len(tests) == 3
    assert len(run) > len(tests)
    for test in run:
        given: dict[str, Any] = {"tmp_path": tmp_path_factory.mktemp("given")}
        test(**{name: given[name] for name in inspect.signature(test).parameters})


@pytest.mark.usefixtures("own")
def test_the_examples_make_a_picture(nst: Callable[..., Outcome]) -> None:
    parts = ["loss/style=means", "optimizer=adagrad", "observers=status"]
    outcome = nst("--config-dir=my_configs", "experiment=portrait", *parts)
    assert outcome.status == 0, outcome.err
    assert (only_run() / "result.png").is_file()
    assert (only_run() / "status.json").is_file()
