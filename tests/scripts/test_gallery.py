"""The gallery: the results of a sweep in a grid, each in its row and column."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import gallery

SHADES = {"cat": (200, 0, 0), "harbor": (150, 0, 0), "ink": (0, 200, 0), "mosaic": (0, 150, 0)}


def make_sweep(folder: Path) -> None:
    """Write runs of two contents in two styles, in flat colors; a result is the sum of its content and style."""
    for name, shade in SHADES.items():
        Image.new("RGB", (64, 48), shade).save(folder / f"{name}.png")
    for content, style in itertools.product(("cat", "harbor"), ("ink", "mosaic")):
        run = folder / "swept" / f"{content},{style}"
        run.mkdir(parents=True)
        Image.new("RGB", (64, 48), mixed_color(content, style)).save(run / "result.png")
        pictures = {
            role: {"name": name, "path": str(folder / f"{name}.png")}
            for role, name in (("content", content), ("style", style))
        }
        write_record(run, {"status": "done", "provenance": {"pictures": pictures}})


def write_record(run: Path, record: dict[str, Any]) -> None:
    (run / "result.json").write_text(json.dumps(record))


def mixed_color(content: str, style: str) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(SHADES[content], SHADES[style], strict=True))


def test_every_picture_is_in_its_row_and_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_sweep(tmp_path)
    assert gallery.main([str(tmp_path / "swept"), str(tmp_path / "grid.jpg")]) == 0
    assert "grid.jpg" in capsys.readouterr().out
    contents, styles = gallery.axes(gallery.find(tmp_path / "swept"))
    width, height = (cell + gallery.GAP for cell in gallery.CELL)
    expected = {(0, 1 + x): SHADES[style] for x, style in enumerate(styles)}
    expected |= {(1 + y, 0): SHADES[content] for y, content in enumerate(contents)}
    expected |= {
        (1 + y, 1 + x): mixed_color(c, s)
        for (y, c), (x, s) in itertools.product(enumerate(contents), enumerate(styles))
    }
    with Image.open(tmp_path / "grid.jpg") as sheet:
        assert sheet.size == (3 * width - gallery.GAP, 3 * height - gallery.GAP)
        for (row, column), shade in expected.items():
            found: Any = sheet.getpixel((column * width + gallery.CELL[0] // 2, row * height + gallery.CELL[1] // 2))
            assert max(abs(a - b) for a, b in zip(found, shade, strict=True)) < 12, (row, column)


def test_pictures_in_the_home_folder_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_sweep(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    run = tmp_path / "swept" / "cat,ink"
    record = json.loads((run / "result.json").read_text())
    record["provenance"]["pictures"]["content"]["path"] = "~/cat.png"
    write_record(run, record)
    assert gallery.main([str(tmp_path / "swept"), str(tmp_path / "grid.jpg")]) == 0


def test_missing_and_surplus_runs_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def assert_error(message: str) -> None:
        assert gallery.main([str(tmp_path / "swept"), str(tmp_path / "grid.jpg")]) == 2
        errors = capsys.readouterr().err
        assert (message in errors, errors.count("\n")) == (True, 1)

    (tmp_path / "swept").mkdir()
    assert_error("holds no run with a result")
    make_sweep(tmp_path)
    run = tmp_path / "swept" / "cat,ink"
    record = json.loads((run / "result.json").read_text())
    write_record(run, record | {"status": "interrupted"})
    assert_error("not done yet: cat x ink")
    write_record(run, record)
    (tmp_path / "swept" / "again").mkdir()
    write_record(tmp_path / "swept" / "again", record)
    assert_error("two runs of cat in ink")
    pictures = record["provenance"]["pictures"]
    blend = {"content": pictures["content"], "style/0": pictures["style"], "style/1": pictures["style"]}
    write_record(tmp_path / "swept" / "again", record | {"provenance": {"pictures": blend}})
    assert_error("uses content, style/0, style/1")
    write_record(tmp_path / "swept" / "again", {"status": "failed", "error": "why"})
    (tmp_path / "ink.png").unlink()
    assert_error("ink.png")
