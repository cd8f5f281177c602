"""nst on Windows and macOS, as far as this machine can imitate them; docs/how_to/windows.md says what that covers."""

import ast
import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from nst.runtime.file_names import LONGEST_FILE
from tests.conftest import ROOT
from tests.like_windows import NO_MODULES, NONE_OF_OS, NONE_OF_SIGNAL

PACKAGE = ROOT / "nst"
FILES = [*sorted(PACKAGE.rglob("*.py")), *sorted((ROOT / "hydra_plugins").rglob("*.py"))]
SMALL = ["extractor=vgg19_slim", "metrics.network=own", "size=48", "steps=2", "style=ink"]

GUARDED = {
    "extractor/pins.py": {"os.link"},  # with another way in the next lines
    "observers/sink_link.py": {"os.killpg", "signal.SIGKILL"},  # else `Popen.kill`
    "runner/folder.py": {"symlink_to"},  # else a copy
    "runner/provenance.py": {"resource"},  # else psutil
    "runtime/device.py": {"os.sched_getaffinity"},
    "runtime/open_folder.py": {"dir_fd", "src_dir_fd", "dst_dir_fd"},  # None on Windows
    "runtime/signals.py": {"os.kill"},  # else `raise_signal`
}
"""Names that only POSIX systems have, or that mean something else on Windows, and the modules that may use them."""

ONLY_POSIX = {f"os.{name}" for name in NONE_OF_OS | {"kill", "link", "symlink"}}
ONLY_POSIX |= {f"signal.{name}" for name in NONE_OF_SIGNAL}
LINKS = {"hardlink_to", "symlink_to"}


def posix_names(tree: ast.AST) -> Iterator[str]:
    """The names in a module that only POSIX systems have."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ({alias.name.partition(".")[0] for alias in node.names} & NO_MODULES)
        elif isinstance(node, ast.ImportFrom):
            yield from {str(node.module).partition(".")[0]} & NO_MODULES
            yield from {f"{node.module}.{alias.name}" for alias in node.names} & ONLY_POSIX
        elif isinstance(node, ast.Attribute):
            whole = f"{node.value.id}.{node.attr}" if isinstance(node.value, ast.Name) else ""
            yield from {whole} & ONLY_POSIX or {node.attr} & LINKS
        elif isinstance(node, ast.keyword):
            yield from {str(node.arg)} & {"dir_fd", "src_dir_fd", "dst_dir_fd", "preexec_fn", "pass_fds"}


def without_encoding(tree: ast.AST) -> Iterator[int]:
    """The lines that open a text file in the system's encoding, which is UTF-8 only on some systems."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or any(given.arg == "encoding" for given in node.keywords):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = getattr(node.func.value, "id", "") if isinstance(node.func, ast.Attribute) else ""
        texts = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        mode = next((text for text in texts if text.strip("rwax+bt") == "" and text), "r")
        if (name == "read_text" and not node.args) or (name == "write_text" and len(node.args) == 1):
            yield node.lineno
        elif (name == "fdopen" or (name == "open" and owner not in ("os", "Image"))) and "b" not in mode:
            opens_path = isinstance(node.func, ast.Name) or owner == "os" or not node.args or bool(texts)
            if opens_path:
                yield node.lineno
        elif any(given.arg in ("text", "universal_newlines") for given in node.keywords) and owner == "subprocess":
            yield node.lineno


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else ROOT).as_posix()


TREES = {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def test_names_of_posix_are_only_where_they_are_guarded() -> None:
    found = {name: set(posix_names(tree)) for name, tree in TREES.items()}
    assert {name: names for name, names in found.items() if names} == GUARDED


def test_every_text_file_is_opened_with_its_encoding() -> None:
    found = {name: list(without_encoding(tree)) for name, tree in TREES.items()}
    assert not {name: lines for name, lines in found.items() if lines}


def test_the_checks_above_find_what_they_look_for() -> None:
    code = "import fcntl, resource\nfrom os import fork\nos.getuid()\nsignal.SIGKILL\nos.open('x', 0, dir_fd=3)\n"
    code += "path.symlink_to(other)\nos.kill(1, 2)\n"
    assert set(posix_names(ast.parse(code))) == {
        *("fcntl", "resource", "os.fork", "os.getuid", "signal.SIGKILL", "dir_fd", "symlink_to", "os.kill")
    }
    bad = "path.read_text()\npath.write_text('x')\nopen('x')\npath.open('w')\npath.open()\nos.fdopen(3)\n"
    bad += "subprocess.run(command, text=True)\n"
    good = (
        "path.read_text(encoding='utf-8')\npath.open('rb')\nos.open('x', 0)\narchive.open(name)\nos.fdopen(3, 'wb')\n"
    )
    assert list(without_encoding(ast.parse(bad + good))) == [1, 2, 3, 4, 5, 6, 7]


def test_stubs_of_public_names_are_ascii() -> None:
    """`lazy_loader` reads them in the system's encoding."""
    for path in PACKAGE.rglob("*.pyi"):
        assert path.read_bytes().isascii()


def like_windows(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The outcome of commands in `folder`, in an environment of a console in code page 437."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NST_OFFLINE": "1", "PYTHONIOENCODING": "cp437"}
    command = [sys.executable, "-X", "warn_default_encoding", "-m", "tests.like_windows", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)


def test_every_module_a_picture_and_a_sweep_need_nothing_of_posix(tmp_path: Path) -> None:
    sweep = ["run", "-m", *SMALL, "style=ink,mosaic", "sweep_dir=swept"]
    again = ["repeat", "outputs/latest.png", "--", "measure", "swept", "--network", "own"]
    done = like_windows(tmp_path, "run", *SMALL, "--", *sweep, "--", *again)
    out = done.stdout.decode("cp437")
    assert done.returncode == 0, done.stderr.decode("cp437")
    assert "2 runs: 2 done" in out
    single, repeated = sorted(path for path in (tmp_path / "outputs").iterdir() if path.is_dir())
    latest = tmp_path / "outputs" / "latest.png"
    assert not latest.is_symlink()
    assert latest.read_bytes() == (repeated / "result.png").read_bytes()
    assert (tmp_path / "swept" / "report" / "index.html").is_file()
    for run in (single, *(path.parent for path in (tmp_path / "swept").glob("*/result.json"))):
        assert b"\r" not in (run / "result.json").read_bytes()
        with (run / "history.csv").open(newline="", encoding="utf-8") as file:
            assert [row["evaluation"] for row in csv.DictReader(file)] == ["1", "2"]
        files = [path.relative_to(run).as_posix() for path in run.rglob("*")]
        assert max(map(len, files)) <= LONGEST_FILE
    assert 'python -m nst.repeat \\"swept/' in (tmp_path / "swept" / "report" / "data.js").read_text("utf-8")
