"""Complete runs at real size: the first command, `experiment=blog`, real weights. Each takes minutes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nst.image.io import read_image
from tests.conftest import ROOT

WEIGHTS, CASES = os.environ.get("NST_VGG19_WEIGHTS"), os.environ.get("NST_CASES")
needs_real_weights = pytest.mark.skipif(not (WEIGHTS and CASES), reason="NST_VGG19_WEIGHTS and NST_CASES are not set")
pytestmark = pytest.mark.slow


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nst.run", *arguments, f"hydra.run.dir={folder}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def record(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "result.json").read_text())


def first_row_of_last_level(folder: Path) -> dict[str, float]:
    """The first row of the last level: the enlarged picture of the level before, or the first picture."""
    header, *rows = (line.split(",") for line in (folder / "history.csv").read_text().splitlines())
    named = [dict(zip(header, map(float, row), strict=True)) for row in rows]
    return next(row for row in named if row["level"] == named[-1]["level"])


def test_the_first_command_transfers_the_style(tmp_path: Path) -> None:
    done = run(tmp_path, "style=starry_night", "extractor=vgg19_slim", "metrics.network=own")
    assert (done.returncode, done.stderr) == (0, "")
    found = record(tmp_path)
    assert max(found["size"]) == 512
    assert read_image(tmp_path / "result.png").std() > 0.1
    untouched = run(
        tmp_path / "untouched",
        "style=starry_night",
        "extractor=vgg19_slim",
        "metrics.network=own",
        "steps=1",
        "pyramid=single",
    )
    assert untouched.returncode == 0
    before, after = record(tmp_path / "untouched")["metrics"], found["metrics"]
    assert after["style_distance"] < 0.2 * before["style_distance"]
    assert after["ssim"] > 0.1


def test_the_blog_experiment_completes(tmp_path: Path) -> None:
    done = run(tmp_path, "experiment=blog", "extractor=vgg19_slim", "metrics.network=own")
    assert (done.returncode, done.stderr) == (0, "")
    found = record(tmp_path)
    assert (found["size"], found["evaluations"]) == ([224, 224], 1001)
    assert found["loss"] < 0.75 * first_row_of_last_level(tmp_path)["loss/total"]
    assert (tmp_path / "result.jpg").is_file()


@needs_real_weights
def test_a_run_works_with_real_weights_and_pictures(tmp_path: Path) -> None:
    pictures = [f"content.image={CASES}/tubingen.jpg", f"style.image={CASES}/the_scream.jpg"]
    network = ["extractor=vgg19", f"extractor.weights={WEIGHTS}", "loss.content.layers=[block3_conv3]"]
    layers = "loss.style.layers=[block1_conv1,block2_conv1,block3_conv1"
    done = run(tmp_path, *pictures, *network, f"{layers}]", "size=256", "steps=60")
    assert (done.returncode, done.stderr) == (0, "")
    found = record(tmp_path)
    assert found["metrics"]["style_layers"] == ["block1_conv1", "block2_conv1", "block3_conv1"]
    assert found["metrics"]["content_layer"] == "block3_conv3"
    assert found["loss"] < 0.5 * first_row_of_last_level(tmp_path)["loss/total"]
    refused = run(tmp_path / "refused", *pictures, *network, f"{layers},block4_conv1]", "size=256", "steps=60")
    assert refused.returncode == 2
    assert "'block4_conv1' is not in" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_an_installed_wheel_runs_from_another_folder(tmp_path: Path) -> None:
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(ROOT)]
    subprocess.run(install, check=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(target)}
    command = [
        sys.executable,
        str(target / "bin" / "nst"),
        "extractor=vgg19_slim",
        "metrics.network=own",
        "size=64",
        "steps=3",
        "style=starry_night",
    ]
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    (picture,) = elsewhere.glob("outputs/*/result.png")
    assert np.isfinite(read_image(picture)).all()
    where = [sys.executable, "-c", "from nst.cli.configs import conf_dir; print(conf_dir())"]
    found = subprocess.run(where, cwd=elsewhere, env=environment, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()) == target / "nst" / "conf"
