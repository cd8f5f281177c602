"""The gallery: a sweep's pictures in a grid, each where its row and column say."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import gallery

SHADES = {"cat": (200, 0, 0), "harbor": (150, 0, 0), "ink": (0, 200, 0), "mosaic": (0, 150, 0)}


def make_sweep(folder: Path) -> None:
    """Runs of two contents in two styles, all of flat colors; a result is the sum of what it was made of."""
    for name, shade in SHADES.items():
        Image.new("RGB", (64, 48), shade).save(folder / f"{name}.png")
    for content, style in itertools.product(("cat", "harbor"), ("ink", "mosaic")):
        run = folder / "swept" / f"{content},{style}"
        run.mkdir(parents=True)
        Image.new("RGB", (64, 48), both(content, style)).save(run / "result.png")
        made_of = {
            role: {"name": name, "path": str(folder / f"{name}.png")}
            for role, name in (("content", content), ("style", style))
        }
        write(run, {"status": "done", "provenance": {"pictures": made_of}})


def write(run: Path, record: dict[str, Any]) -> None:
    (run / "result.json").write_text(json.dumps(record))


def both(content: str, style: str) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(SHADES[content], SHADES[style], strict=True))


def test_every_picture_is_where_its_row_and_column_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_sweep(tmp_path)
    assert gallery.main([str(tmp_path / "swept"), str(tmp_path / "grid.jpg")]) == 0
    assert "grid.jpg" in capsys.readouterr().out
    contents, styles = gallery.axes(gallery.find(tmp_path / "swept"))
    width, height = (cell + gallery.GAP for cell in gallery.CELL)
    wanted = {(0, 1 + x): SHADES[style] for x, style in enumerate(styles)}
    wanted |= {(1 + y, 0): SHADES[content] for y, content in enumerate(contents)}
    wanted |= {
        (1 + y, 1 + x): both(c, s) for (y, c), (x, s) in itertools.product(enumerate(contents), enumerate(styles))
    }
    with Image.open(tmp_path / "grid.jpg") as sheet:
        assert sheet.size == (3 * width - gallery.GAP, 3 * height - gallery.GAP)
        for (row, column), shade in wanted.items():
            found: Any = sheet.getpixel((column * width + gallery.CELL[0] // 2, row * height + gallery.CELL[1] // 2))
            assert max(abs(a - b) for a, b in zip(found, shade, strict=True)) < 12, (row, column)


def test_pictures_in_the_home_folder_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_sweep(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    run = tmp_path / "swept" / "cat,ink"
    record = json.loads((run / "result.json").read_text())
    record["provenance"]["pictures"]["content"]["path"] = "~/cat.png"
    write(run, record)
    assert gallery.main([str(tmp_path / "swept"), str(tmp_path / "grid.jpg")]) == 0


def test_what_is_missing_or_too_much_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def says(words: str) -> None:
        assert gallery.main([str(tmp_path / "swept"), str(tmp_path / "grid.jpg")]) == 2
        told = capsys.readouterr().err
        assert (words in told, told.count("\n")) == (True, 1)

    (tmp_path / "swept").mkdir()
    says("holds no run with a result")
    make_sweep(tmp_path)
    run = tmp_path / "swept" / "cat,ink"
    record = json.loads((run / "result.json").read_text())
    write(run, record | {"status": "interrupted"})
    says("not done yet: cat x ink")
    write(run, record)
    (tmp_path / "swept" / "again").mkdir()
    write(tmp_path / "swept" / "again", record)
    says("two runs of cat in ink")
    pictures = record["provenance"]["pictures"]
    blend = {"content": pictures["content"], "style/0": pictures["style"], "style/1": pictures["style"]}
    write(tmp_path / "swept" / "again", record | {"provenance": {"pictures": blend}})
    says("of content, style/0, style/1")
    write(tmp_path / "swept" / "again", {"status": "failed", "error": "why"})
    (tmp_path / "ink.png").unlink()
    says("ink.png")
