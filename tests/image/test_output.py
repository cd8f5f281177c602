"""Pictures as files: what goes in comes out, at 8 and 16 bits, with and without alpha, as sRGB."""

import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

from nst.errors import InputError
from nst.image.encode import DEEP, FORMATS, OPAQUE
from nst.image.io import read_alpha as alpha
from nst.image.io import read_image, to_uint8, write_image
from tests.conftest import Outcome, blobs, only_run

HEIGHT, WIDTH = 40, 56
PICTURE = blobs(HEIGHT, WIDTH, 3) * 0.9 + np.linspace(0, 0.1, WIDTH, dtype=np.float32)[:, None]  # finer than 8 bits
ALPHA = np.linspace(0, 1, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
LOSSY = 12  # levels of 8 bits


def deep(path: Path) -> np.ndarray:
    """16 bits, read by others' means: tifffile, or PNG's own rules step by step."""
    if path.suffix == ".tiff":
        return tifffile.imread(path)
    content, at, data, header = path.read_bytes(), 8, b"", b""
    while at < len(content):
        length, name = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        body = content[at + 8 : at + 8 + length]
        data, header = data + (body if name == b"IDAT" else b""), body if name == b"IHDR" else header
        at += 12 + length
    assert header[8] == 16
    width, height = (int.from_bytes(header[k : k + 4], "big") for k in (0, 4))
    size = {2: 6, 6: 8}[header[9]] * width
    rows, above, raw = [], bytes(size), zlib.decompress(data)
    for number in range(height):
        start = number * (size + 1)
        assert raw[start] == 2
        above = bytes((one + other) % 256 for one, other in zip(raw[start + 1 : start + 1 + size], above, strict=True))
        rows.append(np.frombuffer(above, ">u2").reshape(width, -1))
    return np.stack(rows)


@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize("suffix", FORMATS)
def test_eight_bits_come_back(suffix: str, clear: bool, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    write_image(PICTURE, path, alpha=ALPHA if clear else None)
    with Image.open(path) as file:
        assert file.mode == ("RGBA" if clear and suffix not in OPAQUE else "RGB")
        levels = np.asarray(file, np.int16)
    off = 0 if suffix in ("png", "tiff") else LOSSY
    if levels.shape[2] == 4:
        assert np.abs(levels[..., 3] - np.rint(ALPHA * 255)).max() == 0
        seen = levels[..., 3] > 128  # WebP keeps no color where nothing is to be seen
        assert np.abs(levels[..., :3] - to_uint8(PICTURE).astype(np.int16))[seen].mean() <= off / 2
        found = alpha(path, HEIGHT, WIDTH)
        assert found is not None
        np.testing.assert_allclose(found, ALPHA, atol=0.003)
    else:
        assert np.abs(levels - to_uint8(PICTURE).astype(np.int16)).mean() <= off / 2
        assert alpha(path, HEIGHT, WIDTH) is None


@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize("suffix", DEEP)
def test_sixteen_bits_come_back_and_are_read_at_eight(suffix: str, clear: bool, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    write_image(PICTURE, path, alpha=ALPHA if clear else None, bits=16)
    levels = deep(path)
    assert levels.shape == (HEIGHT, WIDTH, 4 if clear else 3)
    assert len(np.unique(levels)) > 1000
    np.testing.assert_allclose(levels[..., :3] / 65535, PICTURE[0].clip(0, 1), atol=0.6 / 65535)
    if clear:
        np.testing.assert_allclose(levels[..., 3] / 65535, ALPHA, atol=0.6 / 65535)
    else:
        np.testing.assert_allclose(read_image(path), PICTURE.clip(0, 1), atol=1.01 / 255)


@pytest.mark.parametrize(("suffix", "bits"), [*((suffix, 8) for suffix in FORMATS), *((suffix, 16) for suffix in DEEP)])
def test_it_says_that_it_is_srgb_and_is_the_same_file_each_time(suffix: str, bits: int, tmp_path: Path) -> None:
    first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    for path in (first, second):
        write_image(PICTURE, path, bits=bits)
    assert first.read_bytes() == second.read_bytes()
    with Image.open(first) as file:
        inside = file.info["icc_profile"]
    assert inside[24:36] == bytes(12), "the moment it was made at"
    profile = ImageCms.ImageCmsProfile(io.BytesIO(inside))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_text_is_in_a_png_of_either_depth(tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("nst.config", "size: 512 größe", zip=True)
    for bits in (8, 16):
        write_image(PICTURE, tmp_path / "a.png", bits=bits, text=text)
        with Image.open(tmp_path / "a.png") as file:
            assert isinstance(file, PngImagePlugin.PngImageFile)
            assert file.text["nst.config"] == "size: 512 größe"


@pytest.mark.parametrize("mode", ["RGB", "L", "I;16"])
def test_what_is_opaque_has_no_alpha(mode: str, tmp_path: Path) -> None:
    Image.new(mode, (40, 40), 9 if mode != "RGB" else (9, 9, 9)).save(tmp_path / "a.png")
    assert alpha(tmp_path / "a.png", 20, 20) is None


def test_a_clear_level_of_deep_gray_is_alpha(tmp_path: Path) -> None:
    levels = np.full((40, 40), 300, np.uint16)
    levels[:, 20:] = 40_000
    Image.fromarray(levels).save(tmp_path / "a.png", transparency=300)
    found = alpha(tmp_path / "a.png", 40, 40)
    assert found is not None
    assert (found[:, :20].max(), found[:, 20:].min()) == (0, 1)


def test_alpha_is_as_upright_as_its_picture(tmp_path: Path) -> None:
    """Turned where the file says so; where what it says is broken, as it lies, as the picture is."""
    levels = Image.fromarray(np.uint8(np.rint(ALPHA * 255)))
    picture = Image.new("RGBA", levels.size, (9, 9, 9))
    picture.putalpha(levels)
    turned = Image.Exif()
    turned[0x0112] = 6  # a quarter turn
    broken = b"Exif\0\0no such thing"
    for name, exif, size in (("a.png", turned.tobytes(), (WIDTH, HEIGHT)), ("b.png", broken, (HEIGHT, WIDTH))):
        picture.save(tmp_path / name, exif=exif)
        assert read_image(tmp_path / name).shape[1:3] == size
        found = alpha(tmp_path / name, *size)
        assert found is not None
        wanted = np.rot90(ALPHA, -1) if size == (WIDTH, HEIGHT) else ALPHA
        np.testing.assert_allclose(found, wanted, atol=0.003)


@pytest.mark.parametrize(
    ("bits", "suffix", "says"),
    [
        (16, "jpg", "jpg has 8 bits; 16 are for png and tiff"),
        (16, "webp", "webp has 8"),
        (12, "png", "must be 8 or 16"),
    ],
)
def test_bits_that_there_are_not_are_refused(bits: int, suffix: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says):
        write_image(PICTURE, tmp_path / f"a.{suffix}", bits=bits)
    assert not list(tmp_path.iterdir())


class TestARun:
    def test_it_carries_the_contents_alpha_through(self, nst: Callable[..., Outcome], tmp_path: Path) -> None:
        write_image(PICTURE, tmp_path / "clear.png", alpha=ALPHA)
        given = ("content.image=clear.png", "size=56", "output.bits=16", "output.formats=[tiff]")
        assert nst(*given, "hydra.run.dir=run").status == 0
        for name in ("result.png", "result.tiff"):
            levels = deep(Path("run") / name)
            np.testing.assert_allclose(levels[..., 3] / 65535, ALPHA, atol=0.003)
        assert read_image("run/result.png").shape == (1, HEIGHT, WIDTH, 3)
        assert json.loads(Path("run/result.json").read_text())["metrics"]["ssim"]
        from nst.repeat import main as repeat

        assert repeat(["run/result.png"]) == 0
        again = only_run() / "result.png"
        np.testing.assert_array_equal(deep(again), deep(Path("run/result.png")))

    def test_sixteen_bits_of_jpeg_are_refused_before_anything(self, nst: Callable[..., Outcome]) -> None:
        outcome = nst("output.bits=16", "output.formats=[jpg]")
        assert outcome.status == 2
        assert "output.bits=16: jpg has 8 bits; 16 are for png and tiff" in outcome.err
        assert outcome.err.count("\n") == 1
