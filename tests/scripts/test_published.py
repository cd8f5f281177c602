"""scripts/published.py: the page, written from small runs of the bundled network."""

from pathlib import Path

import numpy as np
import pytest

import published
from nst import VGG19Slim, write_image
from nst.extractor.imagenet import Weights


@pytest.fixture
def small_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of tiny pictures; the script is patched to run the bundled network on them."""
    random = np.random.default_rng(0)
    for name in ("it's tiny", "a, b", "result"):
        suffix = "png" if name == "result" else "jpg"
        write_image(random.random((1, 64, 64, 3), np.float32), tmp_path / f"{name}.{suffix}")
    monkeypatch.setattr(published, "PAIRS", {("it's tiny", "a, b"): "result"})
    monkeypatch.setattr(published, "OWN", [("cat", "ink")])
    monkeypatch.setattr(published, "STEPS", ("2", "null"))
    monkeypatch.setattr(published, "WEIGHTS", (4,))
    monkeypatch.setattr(published, "COMMON", ("extractor=vgg19_slim", "metrics.network=own", "size=64", "steps=2"))
    monkeypatch.setattr(published, "FOLDER", str(tmp_path / "runs"))
    monkeypatch.setattr(published, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(published, "find", lambda _: Weights("vgg19_slim", tmp_path, "", origin="here"))
    monkeypatch.setattr(published, "network", lambda: VGG19Slim().load())
    return tmp_path


def test_each_pair_has_a_table_of_all_runs(small_pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--photographs", str(small_pictures), "--published", str(small_pictures), "--own"]
    assert published.main(arguments) == 0
    assert "page.md" in capsys.readouterr().out
    text = (small_pictures / "page.md").read_text()
    assert "## it's tiny x a, b" in text
    assert "## cat x ink" in text
    lines = [line for line in text.splitlines() if line.startswith("| ") and "style distance" not in line]
    rows = [line.split("|")[1:-1] for line in lines]
    runs = ["style weight 4"] * 2
    assert [row[0].strip() for row in rows] == ["published", *runs, "`experiment=johnson`", *runs]
    assert all(len(row) == 5 for row in rows)


def test_a_missing_picture_is_refused_in_one_line(
    tmp_path: Path, small_pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert published.main(["--photographs", str(small_pictures / "nowhere"), "--published", str(small_pictures)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
