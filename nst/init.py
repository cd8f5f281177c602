"""The first picture, from which the optimizer starts; `[1,H,W,3]` float32, 0..1."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from nst.errors import InputError, check_list, check_number
from nst.image.io import resize

CHANNELS = 3


class Init(Protocol):
    """Makes the first picture at the size of `content`."""

    detail: ClassVar[bool]  # whether what it shows at a larger size only is worth having there

    def __call__(self, content: np.ndarray, style: np.ndarray, seed: int) -> np.ndarray: ...  # noqa: D102


@dataclass(frozen=True)
class FromContent:
    """The content itself."""

    detail: ClassVar[bool] = True

    def __call__(self, content: np.ndarray, style: np.ndarray, seed: int) -> np.ndarray:
        """A copy of `content`."""
        return content.copy()


@dataclass(frozen=True)
class FromStyle:
    """The (first) style, stretched to the content's size."""

    detail: ClassVar[bool] = True

    def __call__(self, content: np.ndarray, style: np.ndarray, seed: int) -> np.ndarray:
        """`style` at the size of `content`."""
        return resize(style, *content.shape[1:3])


@dataclass(frozen=True)
class Noise:
    """White Gaussian noise, the same for the same seed and size (Gatys et al. 2016, section 2).

    Args:
        mean: of every value, 0..1, or one each for red, green and blue.
        deviation: at least 0; what leaves 0..1 is clipped.
    """

    detail: ClassVar[bool] = False
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
        """Noise in the shape of `content`."""
        noise = np.random.default_rng(seed).normal(self.mean, self.deviation, content.shape)
        return noise.clip(0, 1).astype(np.float32)


@dataclass(frozen=True)
class Given:
    """Any picture, `[1,h,w,3]`, stretched to the content's size."""

    detail: ClassVar[bool] = True
    picture: np.ndarray

    def __call__(self, content: np.ndarray, style: np.ndarray, seed: int) -> np.ndarray:
        """The picture at the size of `content`."""
        return resize(self.picture, *content.shape[1:3])


@dataclass(frozen=True)
class Picture:
    """The name of a `Given`, for configs.

    Args:
        image: catalogue name, path or https address.
    """

    image: str
