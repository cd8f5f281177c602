"""The sdist, the wheel and their metadata; the command in all its forms."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from importlib import metadata
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

import nst
from tests.conftest import ROOT
from tests.test_container import COPIED

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
NAME = f"{PROJECT['name']}-{PROJECT['version']}"
JUNK = re.compile(r"__pycache__|\.pyc$|(^|/)\.(pytest|ruff)_cache/|result\.(png|json)$")


def build(source: Path, out: Path, *flags: str) -> None:
    """Build what `flags` ask for from the folder `source`, without the network."""
    command = [sys.executable, "-m", "build", "--no-isolation", *flags, "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    out = tmp_path_factory.mktemp("dist")
    build(ROOT, out)
    return out


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return dist / f"{NAME}-py3-none-any.whl"


def files_of(folder: str, place: str) -> set[str]:
    """The files of a folder of the tree, as names in `place` of the wheel."""
    found = (path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*") if path.is_file())
    return {f"{place}/{path.as_posix()}" for path in found if "__pycache__" not in path.parts}


def test_the_folder_holds_one_sdist_and_one_wheel(dist: Path, wheel: Path) -> None:
    assert sorted(path.name for path in dist.iterdir()) == sorted((f"{NAME}.tar.gz", wheel.name))


def test_twine_accepts_both(dist: Path) -> None:
    files = sorted(map(str, dist.iterdir()))
    done = subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tree_and_the_sdist_build_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    build(ROOT, tmp_path, "--wheel")
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_wheel_holds_the_package_its_configs_and_the_plugins(wheel: Path) -> None:
    own = files_of("nst", "nst") | files_of("conf", "nst/conf") | files_of("hydra_plugins", "hydra_plugins")
    about = {f"{NAME}.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert names == own | about | {f"{NAME}.dist-info/licenses/LICENSE"}
    assert not [name for name in names if JUNK.search(name)]
    bundled = ("py.typed", "bundled/vgg19_slim.npz", "bundled/catalogue.yaml", "bundled/README.md", "conf/config.yaml")
    assert {f"nst/{name}" for name in bundled} <= names
    assert any(re.match(r"nst/bundled/pictures/\w+\.(jpg|png)$", name) for name in names)


def test_the_sdist_holds_the_sources_without_results(dist: Path) -> None:
    with tarfile.open(dist / f"{NAME}.tar.gz") as archive:
        names = [PurePosixPath(member.name).relative_to(NAME) for member in archive if member.isfile()]
    listed = {entry.strip("/") for entry in PYPROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]}
    assert {name.parts[0] for name in names} == listed | {"pyproject.toml", "PKG-INFO", ".gitignore"}
    assert not [name for name in names if JUNK.search(str(name))]
    assert files_of("tests", "tests") <= {str(name) for name in names}


def test_the_files_that_the_container_copies_build_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    build(tmp_path, tmp_path / "out", "--wheel")
    assert (tmp_path / "out" / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_oldest_python_of_the_classifiers_is_the_one_required() -> None:
    classified = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert PROJECT["requires-python"] == f">={classified[0]}"


def test_the_version_is_that_of_the_installed_package() -> None:
    assert nst.__version__ == metadata.version("nst")


def test_start_md_lists_every_extra() -> None:
    text = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
    rows = {name: set(cell.split(", ")) for name, cell in re.findall(r'^\| `"\.\[(\w+)\]"` \| ([^|]*?) \|', text, re.M)}
    extras = PROJECT["optional-dependencies"]
    assert set(rows) == set(extras)
    for name, cell in rows.items():
        needed = [re.match(r"[\w-]+(\[.*\])?", requirement) for requirement in extras[name]]
        packages = {part for found in needed if found for part in _names(found[0])}
        assert cell == packages or name == "dev", f"{name}: {packages}"


def _names(requirement: str) -> list[str]:
    """The names that the table gives for a requirement: `nst[a,b]` are the extras a and b."""
    inner = re.fullmatch(r"nst\[(.*)\]", requirement)
    return inner[1].split(",") if inner else [requirement]


CONFIG_OF_A_RUN = ("--cfg", "all", "style=mosaic", "size=64")
INSTALLED = "import sys; from nst.run import main; sys.argv[0] = 'nst'; sys.exit(main())"  # what the script `nst` does


def test_the_three_forms_of_the_command_are_the_same() -> None:
    assert PROJECT["scripts"] == {"nst": "nst.run:main"}
    forms = (["-m", "nst"], ["-m", "nst.run"], ["-c", INSTALLED])
    outputs = [
        subprocess.run([sys.executable, *form, *CONFIG_OF_A_RUN], cwd=ROOT, capture_output=True, text=True, check=False)
        for form in forms
    ]
    assert [(done.returncode, done.stderr) for done in outputs] == [(0, "")] * 3
    assert len({done.stdout for done in outputs}) == 1
    assert "mosaic" in outputs[0].stdout


@pytest.mark.slow
def test_the_wheel_is_typed(wheel: Path, tmp_path: Path) -> None:
    """A type checker elsewhere reads the annotations of the installed package, because it has `py.typed`."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path / "site")]
    subprocess.run([*install, str(wheel)], check=True)
    (tmp_path / "right.py").write_text("import nst\n\nnst.read_image('a.png', size=64)\n")
    (tmp_path / "wrong.py").write_text("import nst\n\nnst.read_image(3)\n")
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard", "extraPaths": ["site"]}')
    command = [sys.executable, "-m", "basedpyright", "right.py", "wrong.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    errors = [line for line in done.stdout.splitlines() if " - error: " in line]
    assert len(errors) == 1, done.stdout
    assert "wrong.py" in errors[0]
