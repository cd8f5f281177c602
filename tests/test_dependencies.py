"""The dependencies: the oldest ones that pyproject.toml allows, and the versions to come."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import ROOT, only_run
from tests.test_packaging import build

TO_COME = ("hydra-core>=1.4.0rc1", "omegaconf>=2.4.0rc1")
BUNDLED = ("extractor=vgg19_slim", "metrics.network=own", "steps=3", "pyramid=single")
UNREACHABLE = re.compile(r"Failed to fetch|error sending request|dns error|Connection refused|timed out", re.I)

pytestmark = pytest.mark.slow


def uv(*arguments: str) -> str:
    """The output of uv; the test is skipped if no package registry can be reached."""
    command = [sys.executable, "-m", "uv", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and UNREACHABLE.search(done.stderr):
        pytest.skip(f"no package registry can be reached: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def made(python: Sequence[str], folder: Path, environment: dict[str, str], *arguments: str) -> None:
    """Run the command in `folder`; it must end well, and without a warning."""
    own = {"PATH": os.environ["PATH"], "NST_CACHE": str(folder / "nst"), "KERAS_HOME": str(folder / "keras")}
    command = [*python, *BUNDLED, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=own | environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


@pytest.fixture
def square(tmp_path: Path) -> tuple[str, str]:
    """The settings of content and style: one square picture."""
    Image.radial_gradient("L").convert("RGB").resize((64, 64)).save(tmp_path / "square.png")
    return f"content.image={tmp_path / 'square.png'}", f"style.image={tmp_path / 'square.png'}"


def test_the_oldest_dependencies_make_a_picture(tmp_path: Path, square: tuple[str, str]) -> None:
    """In an environment of its own, with the oldest version of each dependency and this version of Python."""
    environment = tmp_path / "oldest"
    build(ROOT, tmp_path / "dist", "--wheel")
    uv("venv", "--python", sys.executable, str(environment))
    python = str(environment / ("Scripts" if os.name == "nt" else "bin") / "python")
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    uv("pip", "install", "--python", python, "--resolution", "lowest-direct", str(wheel))
    made([python, "-m", "nst"], tmp_path, {}, *square, "size=32")
    record = json.loads((only_run(tmp_path / "outputs") / "result.json").read_text(encoding="utf-8"))
    assert record["size"] == [32, 32]
    assert record["provenance"]["versions"]["hydra-core"] == "1.3.8"


def test_an_installation_gets_no_version_to_come(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(f"nst[search] @ {ROOT.as_uri()}\n")
    resolved = uv("pip", "compile", "--python", sys.executable, "--no-header", str(tmp_path / "requirements.txt"))
    found = dict(re.findall(r"^(hydra-core|omegaconf|optuna)==(\S+)", resolved, re.M))
    assert set(found) == {"hydra-core", "omegaconf", "optuna"}
    assert all(re.fullmatch(r"[\d.]+", version) for version in found.values()), found


@pytest.fixture(scope="module")
def to_come(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment variables that put the versions to come before the installed ones."""
    folder = tmp_path_factory.mktemp("to_come")
    uv("pip", "install", "--python", sys.executable, "--target", str(folder), "--prerelease", "allow", *TO_COME)
    return {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}


@pytest.mark.parametrize(
    ("runs", "arguments"),
    [
        (1, ["hydra.run.dir=out/one"]),
        (2, ["-m", "loss.style.weight=4,8", "sweep_dir=out"]),
        (2, ["-m", "hydra/launcher=nst_joblib", "hydra.launcher.n_jobs=2", "seed=1,2", "init=noise", "sweep_dir=out"]),
        (
            2,
            [
                "-m",
                "hydra/sweeper=nst_optuna",
                "hydra.sweeper.n_trials=2",
                "loss.style.weight=interval(1,9)",
                "sweep_dir=out",
            ],
        ),
    ],
    ids=["run", "sweep", "joblib", "search"],
)
def test_the_versions_to_come_make_pictures_without_a_warning(
    runs: int, arguments: list[str], to_come: dict[str, str], tmp_path: Path, square: tuple[str, str]
) -> None:
    made([sys.executable, "-m", "nst"], tmp_path, to_come, *square, "size=64", *arguments)
    records = [json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "out").glob("*/result.json")]
    assert [record["status"] for record in records] == ["done"] * runs
    assert all(record["provenance"]["versions"]["hydra-core"].startswith("1.4") for record in records)
