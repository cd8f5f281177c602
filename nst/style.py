"""The pictures whose style is taken: a list everywhere, one style is a list of one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nst.errors import InputError, check_list, check_name, check_number
from nst.image import mask as masks_
from nst.image.io import check_short_side, fit, resize

ASPECTS = ("own", "content")
BLENDS = ("targets", "losses")


@dataclass(frozen=True)
class Part:
    """How a style takes part.

    Args:
        weight: its share among several, above 0.
        scale: its long side as a multiple of the content's, above 0; larger makes the strokes larger.
        aspect: `own` keeps its aspect ratio, `content` stretches it to the content's, as several peers do.
        apart: whether it has a loss of its own; else what is measured of all styles is averaged by their shares.
    """

    weight: float = field(default=1.0, kw_only=True)
    scale: float = field(default=1.0, kw_only=True)
    aspect: str = field(default="own", kw_only=True)
    apart: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        check_number("style.weight", self.weight, above=0)
        check_number("style.scale", self.scale, above=0)
        check_name("style.aspect", self.aspect, ASPECTS)


@dataclass(frozen=True)
class Style(Part):
    """A picture to take the style from: `[1,h,w,3]` float32, RGB 0..1, any size.

    Args:
        mask: `[1,H,W,1]` float32, 0..1, where in the content it goes; None is everywhere.
    """

    picture: np.ndarray
    mask: np.ndarray | None = None

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) beside a content of `height` x `width`.

        Raises:
            InputError: too small for the network.
        """
        shape = self.picture.shape[1:3] if self.aspect == "own" else (height, width)
        size = fit(shape, round(self.scale * max(height, width)))
        check_short_side(f"style.scale {self.scale:g}: the style beside a content of {width}x{height}", *size)
        return size

    def at(self, height: int, width: int) -> np.ndarray:
        """The picture at that size."""
        return resize(self.picture, *self.size(height, width))

    def mask_at(self, height: int, width: int) -> np.ndarray:
        """Where it goes in a content of that size."""
        return np.ones([1, height, width, 1], np.float32) if self.mask is None else masks_.at(self.mask, height, width)


@dataclass(frozen=True)
class StylePicture(Part):
    """A style that is not read yet.

    Args:
        image: a catalogue name, a path, an https address, or a folder: its pictures are one style together.
        mask: a gray picture of where it goes.
        region: in place of that, (a color-coded picture, which of its regions, of how many).
    """

    image: str
    mask: str | None = None
    region: tuple[str, int, int] | None = None

    def style(self, picture: np.ndarray, mask: np.ndarray | None = None, share: float = 1.0) -> Style:
        """The style, now that it is read; `share` of its weight where it is one of a folder's."""
        return Style(picture, mask, weight=share * self.weight, scale=self.scale, aspect=self.aspect, apart=self.apart)


def single(image: str, scale: float = 1.2, aspect: str = "own") -> list[StylePicture]:
    """One style; the arguments are `StylePicture`'s and `Part`'s."""
    return [StylePicture(image, scale=scale, aspect=aspect)]


def blend(
    images: Sequence[str],
    weights: Sequence[float] | None = None,
    scale: float | Sequence[float] = 1.2,
    aspect: str = "own",
    blend: str = "targets",
    masks: str | Sequence[str] | None = None,
) -> list[StylePicture]:
    """Several styles at once.

    Args:
        images: at least one, each as `StylePicture` has it.
        weights: one for each, at least 0 and not all 0; None is all alike. A style of weight 0 is left out.
        scale: `Part`'s, for all or one for each.
        aspect: `Part`'s.
        blend: `targets` averages what is measured of the styles, `losses` gives each a loss of its own.
        masks: where they go: one color-coded picture with a region for each style, or a gray picture for each.

    Raises:
        InputError: lists of other lengths, and what `Part` refuses.
    """
    check_name("style.blend", blend, BLENDS)
    images = check_list("style.images", images)
    if not images:
        raise InputError("style.images must name at least one picture, like style.images=[starry_night,mosaic]")
    count = len(images)
    weights = _one_each(
        "style.weights", [1.0] * count if weights is None else check_list("style.weights", weights), count
    )
    for weight in weights:
        check_number("style.weights", weight, at_least=0)
    if not any(weights):
        raise InputError("style.weights are all 0; one must be above")
    scales = _one_each(
        "style.scale",
        list(scale) if isinstance(scale, Sequence) and not isinstance(scale, str) else [scale] * count,
        count,
    )
    where = [{}] * count if masks is None else _where(masks, count)
    return [
        StylePicture(image, weight=weight, scale=size, aspect=aspect, apart=blend == "losses", **place)
        for image, weight, size, place in zip(images, weights, scales, where, strict=True)
        if weight
    ]


def _where(masks: str | Sequence[str], count: int) -> list[dict[str, Any]]:
    if isinstance(masks, str):
        return [{"region": (masks, k, count)} for k in range(count)]
    return [{"mask": mask} for mask in _one_each("style.masks", list(masks), count)]


def _one_each(name: str, values: list[Any], count: int) -> list[Any]:
    if len(values) != count:
        raise InputError(f"{name}: {len(values)} for {count} styles; give one for each")
    return values
