"""Seeded damage to files, and small pictures of every format to damage."""

import io
import random
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from nst.image.texts import chunks, packet

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
SIGNATURE = 12  # bytes at the beginning that name the format
WIDTHS = ("B", "<H", ">H", "<I", ">I")


def seeds() -> dict[str, bytes]:
    """{name: a picture}: every format that nst reads, with every kind of content that its decoder treats apart."""
    Image.init()
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 255, 40 * 48 * 3).reshape(40, 48, 3)
    color = Image.fromarray((ramp + rng.integers(0, 20, ramp.shape)).clip(0, 255).astype(np.uint8))
    clear, deep = color.copy(), Image.fromarray(rng.integers(0, 2**16, (40, 48)).astype(np.uint16))
    clear.putalpha(color.getchannel(0))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    told: dict[str, Any] = {"icc_profile": profile, "exif": exif}
    several: dict[str, Any] = {"save_all": True, "append_images": [color.rotate(90, expand=False)]}
    made: list[tuple[str, Image.Image, str, dict[str, Any]]] = [
        ("baseline.jpg", color, "JPEG", told),
        ("progressive.jpg", color, "JPEG", {"progressive": True}),
        ("inks.jpg", color.convert("CMYK"), "JPEG", {}),
        ("color.png", color, "PNG", told),
        ("clear.png", clear, "PNG", {}),
        ("palette.png", color.quantize(16), "PNG", {"transparency": 3}),
        ("deep.png", deep, "PNG", {}),
        ("animated.png", color, "PNG", several),
        ("lossy.webp", color, "WEBP", told),
        ("lossless.webp", clear, "WEBP", {"lossless": True}),
        ("animated.webp", color, "WEBP", several),
        ("plain.tiff", color, "TIFF", told),
        ("deep.tiff", deep, "TIFF", {}),
        ("lab.tiff", color.convert("LAB"), "TIFF", {}),
        ("fax.tiff", color.convert("1"), "TIFF", {"compression": "group4"}),
        *((f"{kind}.tiff", color, "TIFF", {"compression": kind}) for kind in ("tiff_lzw", "tiff_deflate", "jpeg")),
        ("packbits.tiff", clear, "TIFF", {"compression": "packbits"}),
        ("color.bmp", color, "BMP", {}),
        ("palette.bmp", color.quantize(16), "BMP", {}),
        ("palette.gif", color.quantize(64), "GIF", {"transparency": 3}),
        ("animated.gif", color, "GIF", several),
        ("lossless.jp2", color, "JPEG2000", {}),
        ("lossy.jp2", clear, "JPEG2000", {"irreversible": True, "quality_layers": [20]}),
    ]
    recipe = {"nst.config": "size: 64\nsteps: 3\n", "nst.record": '{"overrides": ["size=64"]}'}
    xmp = packet(recipe)
    made += [
        ("recipe.png", color, "PNG", {"pnginfo": chunks(recipe)}),
        ("recipe.jpg", color, "JPEG", {"xmp": xmp}),
        ("recipe.webp", color, "WEBP", {"xmp": xmp}),
        ("recipe.tiff", color, "TIFF", {"tiffinfo": {700: xmp}, "compression": "tiff_lzw"}),
    ]
    if "AVIF" in Image.SAVE:
        made += [("color.avif", color, "AVIF", told), ("clear.avif", clear, "AVIF", {})]
    return {name: _bytes(picture, kind, options) for name, picture, kind, options in made}


def _bytes(picture: Image.Image, kind: str, options: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def mutated(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """`data` after one to four kinds of damage; the checksums of a PNG are often right again."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        rng.choice(DAMAGE)(out, others, rng)
    return _with_checksums(bytes(out)) if out.startswith(b"\x89PNG") and rng.random() < 0.8 else bytes(out)


Damage = Callable[[bytearray, Sequence[bytes], random.Random], None]


def _place(out: bytearray, rng: random.Random) -> int:
    """A position, more often near the beginning, where headers are; rarely in the signature."""
    first = 0 if rng.random() < 0.1 else SIGNATURE
    last = len(out) if rng.random() < 0.5 else min(len(out), 256)
    return rng.randrange(first, last) if first < last else 0


def _bit(out: bytearray, _: Sequence[bytes], rng: random.Random) -> None:
    if out:
        out[_place(out, rng)] ^= 1 << rng.randrange(8)


def _extreme(out: bytearray, _: Sequence[bytes], rng: random.Random) -> None:
    form = rng.choice(WIDTHS)
    size = struct.calcsize(form)
    at = _place(out, rng)
    out[at : at + size] = struct.pack(form, rng.choice(EXTREMES) % 2 ** (8 * size))


def _noise(out: bytearray, _: Sequence[bytes], rng: random.Random) -> None:
    at, count = _place(out, rng), rng.randint(1, 32)
    out[at : at + count] = rng.randbytes(count)


def _cut(out: bytearray, _: Sequence[bytes], rng: random.Random) -> None:
    del out[_place(out, rng) :]


def _remove(out: bytearray, _: Sequence[bytes], rng: random.Random) -> None:
    at = _place(out, rng)
    del out[at : at + rng.randint(1, 64)]


def _repeat(out: bytearray, _: Sequence[bytes], rng: random.Random) -> None:
    at = _place(out, rng)
    piece = bytes(out[at : at + rng.randint(1, 64)])
    out[at:at] = piece * rng.randint(1, 50)


def _splice(out: bytearray, others: Sequence[bytes], rng: random.Random) -> None:
    other = rng.choice(others)
    at = rng.randrange(len(other))
    out[_place(out, rng) :] = other[at:]


DAMAGE: tuple[Damage, ...] = (
    _bit,
    _bit,
    _bit,
    _bit,
    _extreme,
    _extreme,
    _extreme,
    _noise,
    _cut,
    _remove,
    _repeat,
    _splice,
)


def _with_checksums(data: bytes) -> bytes:
    """A PNG with the right checksum in every chunk, so that the damage reaches its decoder."""
    out, at = bytearray(data), 8
    while at + 12 <= len(out):
        end = at + 8 + int.from_bytes(out[at : at + 4], "big")
        if end + 4 > len(out):
            break
        out[end : end + 4] = struct.pack(">I", zlib.crc32(out[at + 4 : end]))
        at = end + 4
    return bytes(out)
