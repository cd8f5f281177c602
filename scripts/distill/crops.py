"""Training data: random crops of pictures, some mixed with noise; the batch number seeds each batch."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from PIL import Image

from nst.errors import InputError
from nst.image.io import read_image, to_uint8

SUFFIXES = {".jpg", ".jpeg", ".png"}
LARGEST = 512
"""Maximum long side, in pixels, of pictures in memory."""


def find(places: Sequence[Path], without: Sequence[str] = ()) -> list[Path]:
    """Find the pictures in files and folders, sorted.

    Args:
        places: files and folders.
        without: patterns of file names to leave out.

    Raises:
        InputError: a place does not exist, or no place holds a picture.
    """
    found: list[Path] = []
    for place in places:
        if not place.exists():
            raise InputError(f"there is no {place}")
        found += [place] if place.is_file() else [p for p in place.rglob("*") if p.suffix.lower() in SUFFIXES]
    found = [p for p in found if not any(fnmatch(p.name, pattern) for pattern in without)]
    if not found:
        raise InputError(f"no picture ({', '.join(sorted(SUFFIXES))}) in {', '.join(map(str, places))}")
    return sorted(set(found))


def digest(files: Sequence[Path]) -> str:
    """SHA-256 of the names and contents of all files."""
    hashed = hashlib.sha256()
    for file in files:
        hashed.update(file.name.encode() + file.read_bytes())
    return hashed.hexdigest()


def split(files: Sequence[Path], held_out: int, seed: int) -> tuple[list[Path], list[Path]]:
    """Split files into (held out, used); same files and seed give the same split.

    Raises:
        InputError: there are at most `held_out` files.
    """
    if len(files) <= held_out:
        raise InputError(f"{len(files)} pictures are too few to hold out {held_out}: give more, or hold out fewer")
    order = np.random.default_rng(seed).permutation(len(files))
    return [files[i] for i in sorted(order[:held_out])], [files[i] for i in sorted(order[held_out:])]


def read(path: Path) -> np.ndarray:
    """Read a picture: `[H,W,3]` uint8, long side at most `LARGEST`.

    Raises:
        InputError: the file is not a picture, or is damaged.
    """
    picture = Image.fromarray(to_uint8(read_image(path)))
    picture.thumbnail((LARGEST, LARGEST), Image.Resampling.BICUBIC)
    return np.asarray(picture)


def centre(picture: np.ndarray, size: int) -> np.ndarray:
    """The center square of a picture, scaled to `size`: `[size,size,3]`, RGB 0..1."""
    height, width = picture.shape[:2]
    side = min(height, width)
    return _resized(picture, ((width - side) / 2, (height - side) / 2, side), size, mirrored=False)


@dataclass(frozen=True)
class Crops:
    """Random crops.

    Args:
        pictures: `[H,W,3]` uint8 each.
        odds: relative probability of each picture.
        noisy: share of crops mixed with noise, 0..1.
    """

    pictures: Sequence[np.ndarray]
    odds: np.ndarray
    noisy: float = 0.08

    def batch(self, count: int, size: int, random: np.random.Generator) -> np.ndarray:
        """Draw a batch: `[count,size,size,3]`, RGB 0..1, float32."""
        chosen = random.choice(len(self.pictures), count, p=self.odds / self.odds.sum())
        return np.stack([self._crop(self.pictures[index], size, random) for index in chosen])

    def _crop(self, picture: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
        height, width = picture.shape[:2]
        side = min(height, width) * np.exp(random.uniform(np.log(min(1, 0.8 * size / min(height, width))), 0))
        box = (random.uniform(0, width - side), random.uniform(0, height - side), side)
        crop = _resized(picture, box, size, mirrored=random.random() < 0.5)
        return _noisy(crop, random) if random.random() < self.noisy else crop


def resized(images: np.ndarray, size: int) -> np.ndarray:
    """Square images `[n,H,H,3]`, RGB 0..1, scaled to `[n,size,size,3]`."""
    return np.stack([_resized(to_uint8(image[None]), (0, 0, image.shape[0]), size, mirrored=False) for image in images])


def _resized(picture: np.ndarray, box: tuple[float, float, float], size: int, *, mirrored: bool) -> np.ndarray:
    x, y, side = box
    whole = Image.fromarray(picture)
    crop = whole.resize((size, size), Image.Resampling.BICUBIC, (x, y, x + side, y + side), reducing_gap=2)
    pixels = np.asarray(crop, np.float32) / 255
    return pixels[:, ::-1] if mirrored else pixels


def _noisy(crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Mix the crop with noise of random grain size, like the first picture of a run that starts from noise."""
    size, grain = len(crop), int(random.integers(1, 5))
    small = random.uniform(0, 255, (-(-size // grain),) * 2 + (3,)).astype(np.uint8)
    noise = np.asarray(Image.fromarray(small).resize((size, size), Image.Resampling.BILINEAR), np.float32) / 255
    share = random.uniform(0, 1)
    return crop * np.float32(1 - share) + noise * np.float32(share)
