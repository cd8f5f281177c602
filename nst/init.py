"""The picture that the optimizer starts from: `[1,H,W,3]` float32, 0..1."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from nst.errors import InputError, check_list, check_number
from nst.image.io import resize

CHANNELS = 3


class Init(Protocol):
    """Contract: makes the first picture at the size of `content`. Equal seeds make equal pictures."""

    detail: ClassVar[bool]  # whether to add its fine detail at larger levels
    random: ClassVar[bool]  # whether another seed gives another picture

    def __call__(self, content: np.ndarray, style: np.ndarray, seed: int) -> np.ndarray: ...  # noqa: D102


@dataclass(frozen=True)
class FromContent:
    """Start from the content."""

    detail: ClassVar[bool] = True
    random: ClassVar[bool] = False

    def __call__(self, content: np.ndarray, style: np.ndarray, seed: int) -> np.ndarray:
        """A copy of `content`."""
        return content.copy()


@dataclass(frozen=True)
class FromStyle:
    """Start from the first style, stretched to the content's size."""

    detail: ClassVar[bool] = True
    random: ClassVar[bool] = False

    def __call__(self, content: np.ndarray, style: np.ndarray, seed: int) -> np.ndarray:
        """`style` at the size of `content`."""
        return resize(style, *content.shape[1:3])


@dataclass(frozen=True)
class Noise:
    """Start from white Gaussian noise (Gatys et al. 2016, section 2). Equal seeds and sizes give equal noise.

    Args:
        mean: 0..1; one number, or one each for red, green and blue.
        deviation: standard deviation, at least 0. Values outside 0..1 are clipped.

    Raises:
        InputError: a value outside its range, or another number of means.
    """

    detail: ClassVar[bool] = False
    random: ClassVar[bool] = True
    mean: float | Sequence[float] = 0.5
    deviation: float = 0.2

    def __post_init__(self) -> None:
        means = [self.mean] if isinstance(self.mean, int | float) else check_list("init.mean", self.mean)
        for mean in means:
            check_number("init.mean", mean, at_least=0, at_most=1)
        if len(means) not in (1, CHANNELS):
            raise InputError(f"init.mean: {len(means)} values; give one, or one each for red, green and blue")
        check_number("init.deviation", self.deviation, at_least=0)

    def __call__(self, content: np.ndarray, style: np.ndarray, seed: int) -> np.ndarray:
        """Noise in the shape of `content`, from `seed`."""
        noise = np.random.default_rng(seed).normal(self.mean, self.deviation, content.shape)
        return noise.clip(0, 1).astype(np.float32)


@dataclass(frozen=True)
class FromImage:
    """Start from any picture, stretched to the content's size.

    Args:
        picture: `[1,h,w,3]` float32, RGB 0..1.
    """

    detail: ClassVar[bool] = True
    random: ClassVar[bool] = False
    picture: np.ndarray

    def __call__(self, content: np.ndarray, style: np.ndarray, seed: int) -> np.ndarray:
        """The picture at the size of `content`."""
        return resize(self.picture, *content.shape[1:3])


@dataclass(frozen=True)
class Picture:
    """Start from a picture that a config names; the runner reads it and makes a `FromImage`.

    Args:
        image: a catalogue name, a path, or an https address.
    """

    random: ClassVar[bool] = False
    image: str
