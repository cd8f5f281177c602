"""The paintings: each can be painted small, is deterministic, and equals the bundled file."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from art.jpeg import encode
from tests.conftest import ROOT

SCRIPT = ROOT / "scripts" / "art" / "paint_styles.py"
BUNDLED = sorted((ROOT / "nst" / "bundled" / "pictures").glob("*.jpg"))


def paint(out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--out", str(out), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def pixels(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.resize(size) if size else picture, np.float64)


@pytest.mark.slow
def test_paintings_painted_small_match_the_bundled_files(tmp_path: Path) -> None:
    done = paint(tmp_path, "--size", "64")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in BUNDLED}
    for path in BUNDLED:
        small = pixels(tmp_path / path.name)
        bundled = pixels(path, small.shape[1::-1])
        assert max(small.shape) == 64
        assert np.abs(small - bundled).mean() < 25, path.name
        assert np.corrcoef(small.ravel(), bundled.ravel())[0, 1] > 0.8, path.name


def test_an_unknown_painting_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    done = paint(tmp_path, "stary_night")
    assert done.returncode == 2
    assert "starry_night" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_a_bundled_painting_is_1024_pixels_and_at_most_500_kb(path: Path) -> None:
    with Image.open(path) as picture:
        assert max(picture.size) == 1024
    assert os.path.getsize(path) <= 500_000  # noqa: PTH202


@pytest.mark.slow
@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_the_script_reproduces_a_bundled_painting(path: Path, tmp_path: Path) -> None:
    """Within a few levels: the last bits of sines differ between CPUs, which may move a stroke."""
    assert paint(tmp_path, path.stem).returncode == 0
    assert np.abs(pixels(tmp_path / path.name) - pixels(path)).mean() < 4


def test_a_jpeg_has_the_best_quality_that_fits(rng: np.random.Generator) -> None:
    noise = Image.fromarray(rng.integers(0, 256, (96, 96, 3), np.uint8))
    large, small = (encode(noise, max_bytes) for max_bytes in (10**6, 6_000))
    assert len(small) <= 6_000 < len(large)
    worse = io.BytesIO()
    noise.save(worse, "JPEG", quality=21, optimize=True)
    assert len(small) > len(worse.getvalue()), "not simply the lowest quality"
    with pytest.raises(ValueError, match="96x96 does not fit into 100 bytes"):
        encode(noise, 100)
