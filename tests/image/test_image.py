"""Read, resize and write pictures: file formats, color modes, EXIF orientation, sizes and errors."""

import logging
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from nst.errors import InputError
from nst.image.io import FORMATS, check_size, from_uint8, read_image, resize, to_uint8, write_image

RNG = np.random.default_rng(0)
ROWS, COLUMNS = np.mgrid[60:180:40j, 60:180:56j]
SMOOTH = np.stack([ROWS, COLUMNS, np.full_like(ROWS, 90)], -1).astype(np.uint8)  # the corners differ in color
TOLERANCE = 8  # tolerance for lossy formats, in 8-bit levels
SIDES = ["top left", "top right", "bottom right", "bottom left", "left top", "right top", "right bottom", "left bottom"]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(logging.getLogger("nst"), "propagate", True)  # another test may have disabled it
    caplog.set_level(logging.INFO, "nst")
    return caplog


def saved(path: Path, pixels: np.ndarray | Image.Image, **options: Any) -> Path:
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(np.ascontiguousarray(pixels))
    picture.save(path, **options)
    return path


def uniform(mode: str, color: Any) -> Image.Image:
    return Image.new(mode, (40, 32), color)


def palette(*color: int) -> Image.Image:
    picture = uniform("P", 1)
    picture.putpalette([0, 0, 0, *color])
    return picture


def red_green_swapped() -> bytes:
    """The sRGB profile with its red and green primaries exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tags = profile[128 : 132 + 12 * int.from_bytes(profile[128:132], "big")]
    swapped = tags.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    return profile.replace(tags, swapped)


def assert_levels(picture: np.ndarray, expected: Any, tolerance: float = 0) -> None:
    levels = to_uint8(picture).astype(int)
    assert np.abs(levels - expected).max() <= tolerance, f"{levels[0, 0]} at the top left"


@pytest.mark.parametrize("name", ["a.png", "a.tiff", "a.bmp", "a.webp", "a.jpg"])
def test_every_format_is_read(tmp_path, name):
    picture = read_image(saved(tmp_path / name, SMOOTH, quality=95))
    assert picture.shape == (1, 40, 56, 3)
    assert picture.dtype == np.float32
    assert_levels(picture, SMOOTH, tolerance=TOLERANCE if name in ("a.webp", "a.jpg") else 0)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.tiff", "a.png"])
def test_the_first_of_several_frames_is_read(tmp_path, name):
    path = saved(tmp_path / name, uniform("RGB", "red"), save_all=True, append_images=[uniform("RGB", "blue")] * 2)
    assert_levels(read_image(path), (255, 0, 0), tolerance=2)


@pytest.mark.parametrize("level", [0, 128, 257, 32768, 65535])
@pytest.mark.parametrize(("name", "kind"), [("a.png", "<u2"), ("a.tiff", "<u2"), ("a.tiff", ">u2")])
def test_sixteen_bit_gray_is_scaled(tmp_path, name, kind, level):
    picture = np.full((32, 40), level, kind)
    assert_levels(read_image(saved(tmp_path / name, picture)), level / 257, tolerance=1)


ON_WHITE, BAD_PROFILE = "INFO .*{}.* white", "WARNING .*{}.* profile"
SWAPPED = {"icc_profile": red_green_swapped()}
WRONG_TYPE = (  # EXIF with an orientation, and a resolution unit that is out of range
    b"Exif\0\0II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x28\x01\x04\0\x01\0\0\0\0\0\0\x80\0\0\0\0"
)
RGB, GREENISH, P = uniform("RGB", (200, 100, 50)), uniform("RGB", (100, 200, 50)), palette(200, 100, 50)
LAB = ImageCms.profileToProfile(GREENISH, *map(ImageCms.createProfile, ["sRGB", "LAB"]), outputMode="LAB")


@pytest.mark.parametrize(
    ("name", "picture", "options", "color", "log_pattern"),
    [
        ("gray.png", uniform("L", 77), {}, 77, ""),
        ("gray.jpg", uniform("L", 77), {}, 77, ""),
        ("palette.png", P, {}, (200, 100, 50), ""),
        ("bits.png", uniform("1", 1), {}, 255, ""),
        ("inks.jpg", uniform("CMYK", (0, 255, 255, 0)), {}, (255, 0, 0), ""),
        ("inks.tiff", uniform("CMYK", (255, 0, 0, 0)), {}, (0, 255, 255), ""),
        ("clear.png", uniform("RGBA", (255, 0, 0, 0)), {}, 255, ON_WHITE),
        ("half.png", uniform("RGBA", (255, 0, 0, 128)), {}, (255, 127, 127), ON_WHITE),
        ("opaque.png", uniform("RGBA", (200, 100, 50, 255)), {}, (200, 100, 50), ""),
        ("gray-half.png", uniform("LA", (0, 128)), {}, 127, ON_WHITE),
        ("palette-half.png", palette(255, 0, 0), {"transparency": b"\xff\x80"}, (255, 127, 127), ON_WHITE),
        ("palette-clear.gif", P, {"transparency": 1}, 255, ON_WHITE),
        ("color-clear.png", RGB, {"transparency": (200, 100, 50)}, 255, ON_WHITE),
        ("16-bit-gray-clear.png", uniform("I;16", 9000), {"transparency": 9000}, 255, ON_WHITE),
        *((f"profile.{suffix}", RGB, SWAPPED, (100, 200, 50), "") for suffix in ("png", "jpg", "tiff", "webp")),
        ("profile-palette.png", P, SWAPPED, (100, 200, 50), ""),
        ("profile-half.png", uniform("RGBA", (200, 100, 50, 128)), SWAPPED, (177, 227, 152), ON_WHITE),
        ("profile-lab.tiff", LAB, {}, (100, 200, 50), ""),  # Pillow embeds the LAB profile
        ("profile-nonsense.png", RGB, {"icc_profile": b"no profile"}, (200, 100, 50), BAD_PROFILE),
        ("profile-truncated.png", RGB, {"icc_profile": SWAPPED["icc_profile"][:300]}, (200, 100, 50), BAD_PROFILE),
        ("exif-nonsense.png", RGB, {"exif": b"Exif\0\0no such thing"}, (200, 100, 50), "EXIF data is broken"),
        ("exif-of-a-wrong-type.jpg", RGB, {"exif": WRONG_TYPE}, (200, 100, 50), "EXIF data is broken"),
    ],
)
def test_every_color_mode_becomes_srgb_on_white(tmp_path, log, name, picture, options, color, log_pattern):
    assert_levels(
        read_image(saved(tmp_path / name, picture, **options)), color, tolerance=4 if options is SWAPPED else 2
    )
    assert re.search(log_pattern.format(name), log.text)
    assert len(log.records) == bool(log_pattern)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tiff", "a.webp"])
@pytest.mark.parametrize("sides", SIDES)  # values 1..8: where the stored row 0 and column 0 appear
def test_exif_orientation_is_applied(tmp_path, name, sides):
    stored = SMOOTH[::-1] if "bottom" in sides else SMOOTH
    stored = stored[:, ::-1] if "right" in sides else stored
    stored = stored.swapaxes(0, 1) if sides.startswith(("left", "right")) else stored
    exif = Image.Exif()
    exif[0x0112] = SIDES.index(sides) + 1
    assert_levels(read_image(saved(tmp_path / name, stored, exif=exif, quality=95)), SMOOTH, TOLERANCE)


@pytest.mark.parametrize("portrait", [False, True])
@pytest.mark.parametrize(("size", "shape"), [(None, (40, 56)), (112, (80, 112)), (49, (35, 49)), ((64, 33), (64, 33))])
def test_a_size_of_one_number_keeps_the_aspect_ratio_and_a_pair_does_not(tmp_path, size, shape, portrait):
    path = saved(tmp_path / "a.png", SMOOTH.swapaxes(0, 1) if portrait else SMOOTH)
    expected = shape[::-1] if portrait and not isinstance(size, tuple) else shape
    assert read_image(path, size).shape == (1, *expected, 3)


def test_shrinking_is_antialiased(tmp_path):
    checkerboard = np.repeat((np.indices((256, 256)).sum(0) % 2)[..., None], 3, -1).astype(np.uint8) * 255
    np.testing.assert_allclose(read_image(saved(tmp_path / "a.png", checkerboard), 64), 0.5, atol=0.02)
    np.testing.assert_allclose(resize(from_uint8(checkerboard), 64, 64), 0.5, atol=0.02)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (41, 55), (90, 33), (160, 224)])
def test_resize_keeps_constants_and_the_range(height, width):
    color = np.array([0, 0.3, 1], np.float32)
    resized = resize(np.tile(color, (1, 40, 56, 1)), height, width)
    np.testing.assert_allclose(resized, np.tile(color, (1, height, width, 1)), atol=1e-6)
    np.testing.assert_array_equal(resize(resized, height, width), resized)
    noise = resize(RNG.integers(0, 2, (1, 40, 56, 3)).astype(np.float32), height, width)
    assert noise.dtype == np.float32
    assert (noise.min(), noise.max()) == (0, 1)


def test_to_uint8_and_from_uint8_are_inverse_and_clip():
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    np.testing.assert_array_equal(to_uint8(from_uint8(levels)), levels)
    np.testing.assert_array_equal(to_uint8([[[[-0.5, 1.5, 0.501]]]]), [[[0, 255, 128]]])


@pytest.mark.parametrize("suffix", [*FORMATS, "JPEG"])
def test_a_written_picture_is_read_back(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    for picture in (SMOOTH // 2, SMOOTH):  # the second write replaces the first
        write_image(from_uint8(picture), path)
    assert_levels(read_image(path), SMOOTH, tolerance=0 if suffix in ("png", "tiff") else TOLERANCE)
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other(tmp_path, monkeypatch):
    path = saved(tmp_path / "a.jpg", SMOOTH)
    old = path.read_bytes()
    monkeypatch.setitem(FORMATS["jpg"], "quality", "nonsense")
    with pytest.raises(ValueError, match="quality"):
        write_image(from_uint8(SMOOTH), path)
    with pytest.raises((OSError, InputError)):
        write_image(from_uint8(SMOOTH), tmp_path / "missing" / "b.png")
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("name", "hint"), [("a.pgn", "'png'"), ("a.tif", "'tiff'"), ("a", "png"), ("a.bmp", "bmp")])
def test_writing_an_unknown_format_is_refused(tmp_path, name, hint):
    with pytest.raises(InputError, match=hint):
        write_image(from_uint8(SMOOTH), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("size", "checked"), [(32, 32), ([32, 64], (32, 64)), ((64, 32), (64, 32))])
def test_valid_sizes_are_accepted(size, checked):
    assert check_size(size) == checked


@pytest.mark.parametrize(
    ("size", "dpi", "pixels"), [("40cm", 300, 4724), ("400 mm", 300, 4724), ("16in", 100.0, 1600), ("2.5in", 72, 180)]
)
def test_a_length_at_a_resolution_is_a_size(size: str, dpi: float, pixels: int) -> None:
    assert check_size(size, dpi) == pixels


def test_a_length_needs_a_resolution_and_enough_pixels() -> None:
    with pytest.raises(InputError, match=r"size=40cm needs the pixels per inch, like output\.dpi=300"):
        check_size("40cm")
    with pytest.raises(InputError, match=r"size=2mm at output\.dpi=300 is 24 pixels; at least 32 are needed"):
        check_size("2mm", 300)


@pytest.mark.parametrize(
    "size",
    ["40 km", "cm", "1.2.3cm", "-4cm", 31, -64, 64.0, True, None, "64", [], [64], [64, 31], [64, "64"], [64, 64, 64]],
)
def test_invalid_sizes_are_refused(size):
    with pytest.raises(InputError, match="size must be"):
        check_size(size)


def write_truncated(path: Path) -> None:
    path.write_bytes(saved(path, SMOOTH).read_bytes()[: path.stat().st_size // 2])


def write_broken_avif(path: Path) -> None:
    if path.suffix not in Image.registered_extensions():
        pytest.skip(f"this Pillow does not support {path.suffix}")
    path.write_bytes(saved(path, SMOOTH).read_bytes().replace(b"iloc", b"free"))


def write_bomb(path: Path, width: int, height: int) -> None:
    """A PNG file with the size of a large picture, and few bytes of it."""
    data = saved(path, SMOOTH).read_bytes()
    header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    path.write_bytes(data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:])


BAD_PICTURES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "missing": ("a.png", lambda path: saved(path.with_name("other.bmp"), SMOOTH), "no such file$"),
    "nearly named": ("starry.png", lambda path: saved(path.with_name("stary.png"), SMOOTH), "did you mean 'stary.png'"),
    "name too long": ("a" * 300, lambda path: None, "."),
    "folder": ("a.png", Path.mkdir, "folder"),
    "empty": ("a.png", Path.touch, "empty"),
    "text": ("a.jpg", lambda path: path.write_text("no picture, only words\n" * 9), "not a readable picture"),
    "truncated JPEG": ("a.jpg", write_truncated, "(?i)broken.*truncated"),
    "truncated PNG": ("a.png", write_truncated, "(?i)broken.*truncated"),
    "broken AVIF": ("a.avif", write_broken_avif, "broken"),
    "bomb": ("a.png", lambda path: write_bomb(path, 20000, 20000), "too large.* million pixels"),
    "small bomb": ("a.png", lambda path: write_bomb(path, 10000, 9000), "too large.* million pixels"),
    "other format": ("a.ppm", lambda path: saved(path, SMOOTH), "not a readable picture: save it as JPEG, PNG"),
    "narrow": ("a.png", lambda path: saved(path, Image.new("L", (31, 90))), "short side .* 32 .*31x90"),
    "floats": ("a.tiff", lambda path: saved(path, Image.new("F", (40, 40))), "a.tiff has values of an unknown range"),
}


@pytest.mark.parametrize(("name", "make", "reason"), BAD_PICTURES.values(), ids=BAD_PICTURES)
def test_bad_pictures_are_refused_in_one_line(tmp_path, name, make, reason):
    make(tmp_path / name)
    with pytest.raises(InputError, match=reason) as caught:
        read_image(tmp_path / name)
    assert str(caught.value).count(name) == 1
    assert "\n" not in str(caught.value)


def test_the_short_side_is_checked_after_resizing(tmp_path):
    path = saved(tmp_path / "a.png", Image.new("L", (24, 48)))
    assert read_image(path, 64).shape == (1, 64, 32, 3)
    with pytest.raises(InputError, match=r"mine: the short side .* 32 .*31x62"):
        read_image(path, 62, name="mine")
