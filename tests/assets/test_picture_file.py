"""Pillow opens files in one place, and only in formats that it decodes itself."""

import ast
import io
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, TiffImagePlugin

from nst.assets import picture_file
from nst.assets.picture_folder import pictures_in
from nst.errors import InputError
from tests.attacks.disguises import DISGUISES
from tests.conftest import ROOT

COLOR = Image.new("RGB", (48, 40), "red")


def opened_size(path: Path) -> tuple[int, int]:
    with picture_file.opened(path, "mine") as picture:
        picture.load()
        return picture.size


def many_scans(path: Path) -> None:
    """A progressive JPEG with its last scan 3000 times; 1000 x 1000 pixels."""
    buffer = io.BytesIO()
    Image.new("RGB", (1000, 1000)).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    path.write_bytes(data[:-2] + data[data.rindex(b"\xff\xda") : -2] * 3000 + data[-2:])


def large_tile(path: Path) -> None:
    """A TIFF of 64 x 64 pixels in one tile of 30000 x 30000."""
    tags = {256: 64, 257: 64, 258: 8, 259: 8, 262: 1, 277: 1, 322: 30000, 323: 30000, 324: 200, 325: 9}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(200))


def declares(path: Path, kind: str) -> None:
    """A picture of 8000 x 8000 pixels in a format that takes much time and memory for each pixel."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64)).save(buffer, kind)
    small, large = struct.pack(">II", 64, 64), struct.pack(">II", 8000, 8000)
    assert small in buffer.getvalue()
    path.write_bytes(buffer.getvalue().replace(small, large))


BOMBS = {
    "scans.jpg": (many_scans, r"mine has \d+ scans, too many"),
    "tile.tiff": (large_tile, "mine is too large: over 89 million pixels"),
    "large.jp2": (lambda path: declares(path, "JPEG2000"), "mine is too large: over 34 million pixels"),
    "large.avif": (lambda path: declares(path, "AVIF"), "mine is too large: over 34 million pixels"),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_that_takes_long_to_decode_is_refused(tmp_path: Path, name: str) -> None:
    make, message = BOMBS[name]
    if name.endswith("avif") and "AVIF" not in Image.SAVE:
        pytest.skip("this Pillow has no AVIF")
    make(tmp_path / name)
    with pytest.raises(InputError, match=message):
        opened_size(tmp_path / name)


def test_ordinary_progressive_pictures_are_read(tmp_path: Path) -> None:
    Image.new("RGB", (6000, 6000)).save(tmp_path / "a.jpg", progressive=True)
    assert opened_size(tmp_path / "a.jpg") == (6000, 6000)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("content", DISGUISES)
def test_no_other_format_is_read_and_no_program_is_started(
    tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr(subprocess, "Popen", lambda *arguments, **_: started.append(arguments))
    monkeypatch.setattr(os, "system", started.append)
    for suffix in picture_file.suffixes():
        path = tmp_path / f"me{suffix}"
        path.write_bytes(DISGUISES[content])
        with pytest.raises(InputError) as caught:
            opened_size(path)
        assert "\n" not in str(caught.value)
    assert not started


@pytest.mark.parametrize("error", [KeyError("k"), ZeroDivisionError(), OSError(5, "a\nb\x1b[31m"), RecursionError()])
def test_every_error_of_pillow_is_one_printable_line(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise error

    COLOR.save(tmp_path / "a.tiff")
    monkeypatch.setattr(TiffImagePlugin.TiffImageFile, "load", fail)
    with pytest.raises(InputError, match=r"mine is broken and cannot be read: \S") as caught:
        opened_size(tmp_path / "a.tiff")
    assert str(caught.value).isprintable()


def test_libtiff_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    COLOR.save(tmp_path / "a.tiff", compression="tiff_lzw")
    data = bytearray((tmp_path / "a.tiff").read_bytes())
    data[8:40] = bytes(32)  # the beginning of the first strip
    (tmp_path / "a.tiff").write_bytes(data)
    with Image.open(tmp_path / "a.tiff") as unguarded, pytest.raises(OSError, match="decoder error"):
        unguarded.load()
    assert capfd.readouterr().err
    with pytest.raises(InputError, match="broken"):
        opened_size(tmp_path / "a.tiff")
    assert capfd.readouterr().err == ""


def test_style_folders_list_the_same_formats(tmp_path: Path) -> None:
    listed = ["a.jpg", "b.JPEG", "c.png", "d.webp", "e.tif", "f.tiff", "g.bmp", "h.gif", "i.jp2"]
    for name in [*listed, "a.eps", "a.ps", "a.pdf", "a.svg", "a.wmf", "a.ppm", "a.txt", "a.tga"]:
        (tmp_path / name).touch()
    os.mkfifo(tmp_path / "pipe.png")
    assert [Path(path).name for path in pictures_in(str(tmp_path))] == listed


def test_only_one_module_calls_image_open() -> None:
    callers = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "nst").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "open" and ast.unparse(node.value).endswith("Image")
    }
    assert callers == {"nst/assets/picture_file.py"}


def test_formats_of_plugins_are_not_used(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from PIL import Image
Image.register_open("OTHER", lambda *_: sys.exit("a plugin was called"), lambda _: True)
from nst.assets.picture_file import opened
from nst.assets.picture_folder import pictures_in
from nst.errors import InputError
try:
    with opened(Path(sys.argv[1]), "mine"):
        pass
except InputError as error:
    print(error)
"""
    (tmp_path / "a.png").write_bytes(b"anything")
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.png")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("mine is not a readable picture")
