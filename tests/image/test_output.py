"""Written pictures: exact values at 8 and 16 bits, with and without alpha, as sRGB."""

import base64
import io
import json
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from nst.errors import InputError
from nst.image.encode import DEEP, FORMATS, OPAQUE
from nst.image.io import read_alpha as alpha
from nst.image.io import read_image, read_texts, to_uint8, write_image
from nst.image.texts import JPEG_BYTES, fits, packet
from tests.conftest import Outcome, blobs, only_run

HEIGHT, WIDTH = 40, 56
PICTURE = blobs(HEIGHT, WIDTH, 3) * 0.9 + np.linspace(0, 0.1, WIDTH, dtype=np.float32)[:, None]  # finer than 8 bits
ALPHA = np.linspace(0, 1, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH)
TOLERANCE = 12  # tolerance for lossy formats, in 8-bit levels


def read_sixteen_bits(path: Path) -> np.ndarray:
    """Read 16 bits independently of nst: with tifffile, or by the PNG specification."""
    if path.suffix == ".tiff":
        return tifffile.imread(path)
    content, offset, data, header = path.read_bytes(), 8, b"", b""
    while offset < len(content):
        length, name = int.from_bytes(content[offset : offset + 4], "big"), content[offset + 4 : offset + 8]
        body = content[offset + 8 : offset + 8 + length]
        data, header = data + (body if name == b"IDAT" else b""), body if name == b"IHDR" else header
        offset += 12 + length
    assert header[8] == 16
    width, height = (int.from_bytes(header[k : k + 4], "big") for k in (0, 4))
    size = {2: 6, 6: 8}[header[9]] * width
    rows, previous, raw = [], bytes(size), zlib.decompress(data)
    for number in range(height):
        start = number * (size + 1)
        assert raw[start] == 2
        previous = bytes(
            (one + other) % 256 for one, other in zip(raw[start + 1 : start + 1 + size], previous, strict=True)
        )
        rows.append(np.frombuffer(previous, ">u2").reshape(width, -1))
    return np.stack(rows)


@pytest.mark.parametrize("with_alpha", [False, True])
@pytest.mark.parametrize("suffix", FORMATS)
def test_eight_bit_pictures_are_read_back(suffix: str, with_alpha: bool, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    write_image(PICTURE, path, alpha=ALPHA if with_alpha else None)
    with Image.open(path) as file:
        assert file.mode == ("RGBA" if with_alpha and suffix not in OPAQUE else "RGB")
        levels = np.asarray(file, np.int16)
    tolerance = 0 if suffix in ("png", "tiff") else TOLERANCE
    if levels.shape[2] == 4:
        assert np.abs(levels[..., 3] - np.rint(ALPHA * 255)).max() == 0
        visible = levels[..., 3] > 128  # WebP drops the color of clear pixels
        assert np.abs(levels[..., :3] - to_uint8(PICTURE).astype(np.int16))[visible].mean() <= tolerance / 2
        found = alpha(path, HEIGHT, WIDTH)
        assert found is not None
        np.testing.assert_allclose(found, ALPHA, atol=0.003)
    else:
        assert np.abs(levels - to_uint8(PICTURE).astype(np.int16)).mean() <= tolerance / 2
        assert alpha(path, HEIGHT, WIDTH) is None


@pytest.mark.parametrize("with_alpha", [False, True])
@pytest.mark.parametrize("suffix", DEEP)
def test_sixteen_bit_pictures_are_exact_and_are_read_at_eight_bits(
    suffix: str, with_alpha: bool, tmp_path: Path
) -> None:
    path = tmp_path / f"a.{suffix}"
    write_image(PICTURE, path, alpha=ALPHA if with_alpha else None, bits=16)
    levels = read_sixteen_bits(path)
    assert levels.shape == (HEIGHT, WIDTH, 4 if with_alpha else 3)
    assert len(np.unique(levels)) > 1000
    np.testing.assert_allclose(levels[..., :3] / 65535, PICTURE[0].clip(0, 1), atol=0.6 / 65535)
    if with_alpha:
        np.testing.assert_allclose(levels[..., 3] / 65535, ALPHA, atol=0.6 / 65535)
    else:
        np.testing.assert_allclose(read_image(path), PICTURE.clip(0, 1), atol=1.01 / 255)


@pytest.mark.parametrize(("suffix", "bits"), [*((suffix, 8) for suffix in FORMATS), *((suffix, 16) for suffix in DEEP)])
def test_a_written_file_has_an_srgb_profile_and_is_reproducible(suffix: str, bits: int, tmp_path: Path) -> None:
    first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    for path in (first, second):
        write_image(PICTURE, path, bits=bits)
    assert first.read_bytes() == second.read_bytes()
    with Image.open(first) as file:
        embedded = file.info["icc_profile"]
    assert embedded[24:36] == bytes(12), "the profile has no creation date"
    profile = ImageCms.ImageCmsProfile(io.BytesIO(embedded))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


@pytest.mark.parametrize(
    ("name", "bits"), [("a.png", 8), ("a.png", 16), ("a.jpg", 8), ("a.webp", 8), ("a.tiff", 8), ("a.tiff", 16)]
)
def test_every_format_and_depth_holds_its_texts(name: str, bits: int, tmp_path: Path) -> None:
    text = {"nst.config": "size: 512 größe\n", "nst.record": '{"a": "<&>"}'}
    for own_alpha in (None, ALPHA):
        write_image(PICTURE, tmp_path / name, bits=bits, text=text, alpha=own_alpha)
        assert read_texts(tmp_path / name, tuple(text)) == text
        write_image(PICTURE, tmp_path / f"plain-{name}", bits=bits, alpha=own_alpha)
        assert read_texts(tmp_path / f"plain-{name}", tuple(text)) == {}
        np.testing.assert_array_equal(read_image(tmp_path / name), read_image(tmp_path / f"plain-{name}"))


def test_texts_that_are_too_long_for_a_format_are_refused_or_left_out(rng: np.random.Generator, tmp_path: Path) -> None:
    text = {"nst.config": rng.bytes(60_000).hex()}
    assert [fits(suffix, text) for suffix in ("jpg", "png", "webp", "tiff")] == [False, True, True, True]
    with pytest.raises(InputError, match="too long for jpg"):
        write_image(PICTURE, tmp_path / "a.jpg", text=text)
    almost = {"nst.config": rng.bytes(42_000).hex()}
    assert fits("jpg", almost)
    assert JPEG_BYTES - len(packet(almost)) < 2000, "the test is near the limit"
    write_image(PICTURE, tmp_path / "a.jpg", text=almost)
    assert read_texts(tmp_path / "a.jpg", ("nst.config",)) == almost


@pytest.mark.parametrize("form", ["<nst:config>{}</nst:config>", " nst:config='{}'", ' nst:config="{}" x="1"'])
def test_a_packet_that_another_program_wrote_is_read(form: str, tmp_path: Path) -> None:
    """Programs write a property as an element or as an attribute, and break lines."""
    own = packet({"nst.config": "size: 512"}).decode()
    found = re.search("<nst:config>(.*)</nst:config>", own)
    assert found
    xmp = form.format(f"{found[1][:10]}\n  {found[1][10:]}").encode()
    Image.new("RGB", (40, 40)).save(tmp_path / "a.jpg", xmp=xmp)
    assert read_texts(tmp_path / "a.jpg", ("nst.config", "nst.record")) == {"nst.config": "size: 512"}


@pytest.mark.parametrize(
    ("packed", "message"),
    [
        (b"bm90IHBhY2tlZA==", "nst.config is broken"),
        (base64.b64encode(zlib.compress(b"size: 512")[:-6]), "its end is missing"),
        (base64.b64encode(zlib.compress(bytes(2**26), 9)[:40_000]), "is over 4 MiB long"),
        (base64.b64encode(zlib.compress(b"\xff\xfe")), "nst.config is broken"),
        (b"", "its end is missing"),
    ],
)
def test_a_broken_or_huge_text_is_refused_in_one_line(packed: bytes, message: str, tmp_path: Path) -> None:
    for suffix in ("jpg", "webp", "tiff"):
        path = tmp_path / f"a.{suffix}"
        xmp = b"<nst:config>" + packed + b"</nst:config>"
        Image.new("RGB", (40, 40)).save(path, xmp=xmp, tiffinfo={700: xmp}, compression="tiff_lzw")
        with pytest.raises(InputError, match=message) as refused:
            read_texts(path, ("nst.config",))
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("mode", ["RGB", "L", "I;16"])
def test_an_opaque_picture_has_no_alpha(mode: str, tmp_path: Path) -> None:
    Image.new(mode, (40, 40), 9 if mode != "RGB" else (9, 9, 9)).save(tmp_path / "a.png")
    assert alpha(tmp_path / "a.png", 20, 20) is None


def test_the_transparent_level_of_sixteen_bit_gray_becomes_alpha(tmp_path: Path) -> None:
    levels = np.full((40, 40), 300, np.uint16)
    levels[:, 20:] = 40_000
    Image.fromarray(levels).save(tmp_path / "a.png", transparency=300)
    found = alpha(tmp_path / "a.png", 40, 40)
    assert found is not None
    assert (found[:, :20].max(), found[:, 20:].min()) == (0, 1)


def test_alpha_follows_the_exif_orientation(tmp_path: Path) -> None:
    """The EXIF orientation applies to the alpha, too; broken EXIF data is ignored."""
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
        expected = np.rot90(ALPHA, -1) if size == (WIDTH, HEIGHT) else ALPHA
        np.testing.assert_allclose(found, expected, atol=0.003)


@pytest.mark.parametrize(
    ("bits", "suffix", "message"),
    [
        (16, "jpg", "jpg has only 8 bits; use png or tiff"),
        (16, "webp", "webp has only 8 bits"),
        (12, "png", "must be 8 or 16"),
    ],
)
def test_unsupported_bit_depths_are_refused(bits: int, suffix: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        write_image(PICTURE, tmp_path / f"a.{suffix}", bits=bits)
    assert not list(tmp_path.iterdir())


class TestRun:
    def test_the_result_has_the_alpha_of_the_content(self, nst: Callable[..., Outcome], tmp_path: Path) -> None:
        write_image(PICTURE, tmp_path / "clear.png", alpha=ALPHA)
        overrides = ("content.image=clear.png", "size=56", "output.bits=16", "output.formats=[tiff]")
        assert nst(*overrides, "hydra.run.dir=run").status == 0
        for name in ("result.png", "result.tiff"):
            levels = read_sixteen_bits(Path("run") / name)
            np.testing.assert_allclose(levels[..., 3] / 65535, ALPHA, atol=0.003)
        assert read_image("run/result.png").shape == (1, HEIGHT, WIDTH, 3)
        assert json.loads(Path("run/result.json").read_text())["metrics"]["ssim"]
        from nst.repeat import main as repeat

        assert repeat(["run/result.png"]) == 0
        repeated = only_run() / "result.png"
        np.testing.assert_array_equal(read_sixteen_bits(repeated), read_sixteen_bits(Path("run/result.png")))

    def test_sixteen_bit_jpeg_is_refused_before_the_run(self, nst: Callable[..., Outcome]) -> None:
        outcome = nst("output.bits=16", "output.formats=[jpg]")
        assert outcome.status == 2
        assert "output.bits=16: jpg has only 8 bits; use png or tiff" in outcome.err
        assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("suffix", FORMATS)
def test_the_resolution_is_written_where_the_format_has_a_place_for_it(tmp_path: Path, suffix: str, bits: int) -> None:
    if bits == 16 and suffix not in DEEP:
        return
    for dpi in (None, 300, 72.5):
        write_image(PICTURE, tmp_path / f"a.{suffix}", bits=bits, dpi=dpi)
        if suffix == "tiff" and bits == 16:
            with tifffile.TiffFile(tmp_path / "a.tiff") as file:
                unit, found = file.pages[0].tags["ResolutionUnit"].value, file.pages[0].tags["XResolution"].value
            assert (unit == 2) == bool(dpi)
            assert not dpi or found[0] / found[1] == pytest.approx(dpi)
            continue
        with Image.open(tmp_path / f"a.{suffix}") as picture:
            stated = picture.info.get("dpi")
        if dpi and suffix != "webp":
            assert stated == pytest.approx((dpi, dpi), abs=0.6)  # JPEG has whole numbers, PNG pixels per meter
        else:
            assert suffix == "tiff" or stated is None


def test_a_length_and_a_resolution_make_a_picture_of_that_size(nst: Callable[..., Outcome]) -> None:
    assert nst("size=1in", "output.dpi=100").status == 0
    with Image.open(only_run() / "result.png") as picture:
        assert picture.size == (100, 80)
        assert picture.info["dpi"] == pytest.approx((100, 100), abs=0.1)
