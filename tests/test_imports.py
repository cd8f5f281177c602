"""Direction of imports: docs/architecture.md lists the packages from top to bottom, and imports only go down."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "nst"
ORDER = (
    ("__main__", "run", "repeat", "resume", "show", "fetch", "measure", "watch"),
    ("launch",),
    ("cli",),
    ("search",),
    ("sweep",),
    ("dashboard",),
    ("report",),
    ("runner",),
    ("transfer",),
    ("observers",),
    ("metrics", "color"),
    ("content", "style", "init", "pyramid"),
    ("extractor",),
    ("loss",),
    ("optimizer",),
    ("image",),
    ("assets",),
    ("runtime",),
    ("settings",),
    ("setting_rules", "state", "layers", "arguments", "bounded", "errors", "redaction"),
)
"""Packages and modules from top to bottom; those in one row may import each other, without cycles."""
HEIGHT = {name: len(ORDER) - row for row, names in enumerate(ORDER) for name in names}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def module(path: Path) -> str:
    """The dotted name of a file's module."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name if name == "nst.__main__" else name.removesuffix(".__init__").removesuffix(".__main__")


MODULES = {module(path) for path in FILES}


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, also inside functions; without `TYPE_CHECKING` blocks."""
    todo: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            todo += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in MODULES else str(node.module) for name in names)
        todo += ast.iter_child_nodes(node)


def height(name: str) -> int:
    """The height of a module of nst in `ORDER`."""
    return HEIGHT[name.split(".")[1]]


@pytest.mark.parametrize("path", FILES, ids=module)
def test_imports_go_down_only(path: Path) -> None:
    own = module(path)
    upward = [name for name in imports(path) if name.startswith("nst.") and height(name) > height(own)]
    assert not upward, f"{own} imports {upward}, which are above it"
    assert not [name for name in imports(path) if name.split(".")[0] == "hydra_plugins"], f"{own} imports a plugin"


def test_there_are_no_import_cycles() -> None:
    graph = {module(path): {name for name in imports(path) if name in MODULES} - {module(path)} for path in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_architecture_md_lists_every_module() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert {name.split(".")[1] for name in MODULES} == set(HEIGHT)
    missing = [name for name in HEIGHT if f"{name}/" not in text and f"{name}.py" not in text]
    assert not missing


@pytest.mark.parametrize("path", [path for path in FILES if path.name == "__init__.py"], ids=module)
def test_package_init_files_import_at_most_lazy_loader(path: Path) -> None:
    lazy = path.with_suffix(".pyi").exists()
    assert set(imports(path)) == {"lazy_loader"} if lazy else not path.read_text().strip()


@pytest.mark.parametrize("package", ["cli", "dashboard", "report"])
def test_the_package_does_not_import_tensorflow(package: str) -> None:
    names = [name for name in MODULES if name.startswith(f"nst.{package}.")]
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
    code += "assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, *names], cwd=ROOT, check=True)
