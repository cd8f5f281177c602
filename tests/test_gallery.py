"""The gallery: a sweep's pictures in a grid, each where its row and column say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gallery
from tests.conftest import Outcome

Command = Callable[..., Outcome]


def test_a_sweep_becomes_a_grid(nst: Command, pictures: Path, capfd: pytest.CaptureFixture[str]) -> None:
    both = f"{pictures / 'content.png'},{pictures / 'style.png'}"
    assert nst("-m", f"content.image={both}", f"style.image={both}", "sweep_dir=swept", "steps=1").status == 0
    assert gallery.main(["swept", "grid.jpg"]) == 0
    assert "grid.jpg" in capfd.readouterr().out
    grid = gallery.find(Path("swept"))
    contents, styles = gallery.axes(grid)
    assert len(grid) == len(contents) * len(styles) == 4
    width, height = (cell + gallery.GAP for cell in gallery.CELL)
    with Image.open("grid.jpg") as sheet:
        assert sheet.size == (3 * width - gallery.GAP, 3 * height - gallery.GAP)
        for (content, style), run in grid.items():
            row, column = 1 + contents.index(content), 1 + styles.index(style)
            x, y = column * width, row * height
            found = np.asarray(sheet.crop((x, y, x + gallery.CELL[0], y + gallery.CELL[1])), float)
            assert np.abs(found - np.asarray(gallery.cell(run.result), float)).mean() < 4


def test_what_is_missing_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert gallery.main([str(tmp_path / "empty"), "grid.jpg"]) == 2
    assert "holds no run with a result" in capfd.readouterr().err
