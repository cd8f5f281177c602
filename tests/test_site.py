"""The documentation: its pages, their commands and code, the notebook, and the site built from them."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nst
import tour
from nst.cli import group_help
from tests.conftest import ROOT
from tests.test_config import CONF, load

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *PAGES]}
WIDEST = 120
PHONE = {"width": 390, "height": 844}


def blocks(text: str, *languages: str) -> Iterator[str]:
    """The blocks of code in these languages."""
    for language, code in re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S):
        if language in languages:
            yield code


def commands(text: str) -> Iterator[str]:
    """The command lines of `nst.run`, without the command itself."""
    for code in blocks(text, "", "bash", "powershell"):
        for line in code.replace("\\\n", " ").splitlines():
            if "python -m nst.run" in line:
                yield line.partition("python -m nst.run")[2].partition("&&")[0]


def composes(command: str) -> None:
    """Compose the config of a command; of a sweep, that of its first run. After `--help`, there are topics."""
    arguments = shlex.split(command, comments=True)
    overrides = [argument for argument in arguments if not argument.startswith("-")]
    if "--help" in arguments and overrides:
        assert group_help.show(overrides) == 0
        return
    several = any(override.startswith(("suite=", "replicates=")) for override in overrides)
    if several or {"-m", "--multirun"} & set(arguments):
        overrides = [re.sub(r",[^\[\](){}]*$", "", override) for override in overrides]
        overrides = [re.sub(r"=(?:tag\(\w+,)?(?:choice|interval|range)\(([^,)]+).*$", r"=\1", o) for o in overrides]
    assert load(*overrides).seed >= 0


COMMANDS = [
    (page, command)
    for page, text in TEXTS.items()
    for command in commands(text)
    if not {"--config-dir", "echo"} & set(command.split())
]


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_every_command_composes(page: str, command: str) -> None:
    del page
    composes(command)


@pytest.mark.parametrize("page", TEXTS)
def test_every_python_example_compiles(page: str) -> None:
    for code in blocks(TEXTS[page], "python"):
        compile(code, page, "exec")


@pytest.mark.parametrize("page", TEXTS)
def test_no_line_is_too_wide(page: str) -> None:
    """Rows of tables cannot be wrapped."""
    assert not [line for line in TEXTS[page].splitlines() if len(line) > WIDEST and not line.startswith(("|", "!["))]


def test_every_loss_has_its_formula() -> None:
    losses = TEXTS["docs/reference/losses.md"]
    for file in sorted((CONF / "loss").glob("*/*.yaml")):
        section = losses.partition(f"### `loss/{file.parent.name}={file.stem}`")[2].partition("\n### ")[0]
        assert "$$" in section, file


def test_every_public_name_is_in_the_reference() -> None:
    api = TEXTS["docs/reference/api.md"]
    listed = re.findall(r"^\.\. auto\w+:: (\w+)$", api, re.M)
    assert sorted(listed) == sorted({*nst.__all__, *nst.report.__all__} - {"report"})


def test_the_own_loss_of_the_tutorial_passes_its_test_and_makes_a_picture(pictures: Path, tmp_path: Path) -> None:
    text = TEXTS["docs/tutorials/own_loss.md"]
    loss, test = blocks(text, "python")
    (config,) = blocks(text, "yaml")
    for path, code in {"grain.py": loss, "test_grain.py": test, "my_configs/loss/style/grain.yaml": config}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(code)
    small = ["extractor=vgg19_slim", "metrics.network=own", "size=64", "steps=2", "hydra.run.dir=made"]
    inputs = [f"{group}.image={pictures / group}.png" for group in ("content", "style")]
    for command in (
        ["pytest", "-q", "-p", "no:cacheprovider", "test_grain.py"],
        ["nst.run", "--config-dir", "my_configs", "loss/style=grain", *inputs, *small],
    ):
        subprocess.run(
            [sys.executable, "-m", *command], cwd=tmp_path, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
    assert (tmp_path / "made" / "result.png").is_file()


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The tour with the outputs of an execution without network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NST_OFFLINE", "1")
        return tour.executed(tmp_path_factory.mktemp("tour"))


def test_the_notebook_shows_pictures_a_table_and_progress(notebook: Any) -> None:
    stored = tour.read()
    for cells in (notebook.cells, stored.cells):
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        shown = [kind for output in outputs for kind in output.get("data", {})]
        assert shown.count("image/jpeg") == 1  # updated in place
        assert shown.count("image/png") == 4
        assert "text/html" in shown
        assert any("evaluation" in output.get("data", {}).get("text/markdown", "") for output in outputs)
        assert any("3 runs: 3 done" in output.get("text", "") for output in outputs)


def test_the_stored_notebook_names_no_machine() -> None:
    text = tour.NOTEBOOK.read_text(encoding="utf-8")
    assert not re.findall(r'"/(?:home|root|work|tmp)/', text)
    assert len(text) < 600_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a broken link or a missing docstring is an error."""
    out = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-W",
            "--keep-going",
            "-q",
            "-d",
            str(out / "cache"),
            str(DOCS),
            str(out / "html"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return out / "html"


def test_the_site_asks_nothing_of_other_hosts(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|iframe|link|source)\b[^>]*?(?:src|href)=\"(?:https?:)?//[^\"]*", text)
        assert not loaded, page
    for style in site.rglob("*.css"):
        assert not re.findall(r"url\([\"']?(?:https?:)?//", style.read_text(encoding="utf-8")), style


def test_formulas_are_drawn_without_scripts(site: Path) -> None:
    page = (site / "reference" / "losses.html").read_text(encoding="utf-8")
    assert page.count("<math xmlns") > 20
    assert not re.findall("<script[^>]*mathjax", page, re.I)


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_pages_fit_a_phone(site: Path) -> None:
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport=PHONE)
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        for file in sorted(path for path in site.rglob("*.html") if path.parent.name != "_modules"):
            page.goto(file.as_uri())
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > PHONE["width"]:
                problems.append(f"{file.relative_to(site)} is {width} pixels wide")
        browser.close()
    assert not problems
