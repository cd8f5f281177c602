"""The style pictures of a run: always a list, even for one style."""

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
    """Settings of one style among several.

    Args:
        weight: its share, above 0; only the ratio between styles counts.
        scale: its long side as a multiple of the content's, above 0; larger makes the strokes larger.
        aspect: `own` keeps its aspect ratio, `content` stretches it to the content's, as several peers do.
        apart: True gives the style its own loss; False averages the styles' targets by their shares.

    Raises:
        InputError: a value outside its range.
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
    """A picture that provides the style.

    Args:
        picture: `[1,h,w,3]` float32, RGB 0..1, any size.
        mask: `[1,H,W,1]` float32, 0..1, at the content's size: where the style goes. None: everywhere.
        weight: its share, above 0; only the ratio between styles counts.
        scale: its long side as a multiple of the content's, above 0; larger makes the strokes larger.
        aspect: `own` or `content`, as for `Part`.
        apart: True gives the style its own loss; False averages the styles' targets by their shares.

    Raises:
        InputError: a value outside its range.
    """

    picture: np.ndarray
    mask: np.ndarray | None = None

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of the style picture for a content of `height` x `width`.

        Raises:
            InputError: it is too small for the network.
        """
        shape = self.picture.shape[1:3] if self.aspect == "own" else (height, width)
        size = fit(shape, round(self.scale * max(height, width)))
        check_short_side(f"style.scale={self.scale:g}: the style for a content of {width}x{height}", *size)
        return size

    def at(self, height: int, width: int) -> np.ndarray:
        """The style picture `[1,h,w,3]`, resized for a content of `height` x `width`."""
        return resize(self.picture, *self.size(height, width))

    def mask_at(self, height: int, width: int) -> np.ndarray:
        """The mask `[1,height,width,1]`; ones if there is none."""
        return np.ones([1, height, width, 1], np.float32) if self.mask is None else masks_.at(self.mask, height, width)


@dataclass(frozen=True)
class StylePicture(Part):
    """A style as a config names it; the runner reads its picture. The keyword arguments are those of `Part`.

    Args:
        image: a catalogue name, a path, an https address, or a folder; a folder's pictures form one style.
        mask: a gray picture, white where the style goes.
        region: instead of `mask`, (a color-coded picture, index of the region, number of regions).
    """

    image: str
    mask: str | None = None
    region: tuple[str, int, int] | None = None

    def style(self, picture: np.ndarray, mask: np.ndarray | None = None, share: float = 1.0) -> Style:
        """The `Style` of a picture that was read; `share` is its part of the weight if `image` is a folder."""
        return Style(picture, mask, weight=share * self.weight, scale=self.scale, aspect=self.aspect, apart=self.apart)


def single(image: str, scale: float = 1.2, aspect: str = "own") -> list[StylePicture]:
    """One style as a list; see `StylePicture` and `Part` for the arguments."""
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
        images: at least one; see `StylePicture`.
        weights: one per style, at least 0, not all 0. None: equal weights. A style of weight 0 is left out.
        scale: see `Part`; one for all, or one per style.
        aspect: see `Part`.
        blend: `targets` averages the styles' targets; `losses` gives each style its own loss.
        masks: where the styles go: one color-coded picture with a region per style, or one gray picture per style.

    Raises:
        InputError: a list of the wrong length, or a value outside its range.
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
        raise InputError("style.weights are all 0; at least one must be above 0")
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
        raise InputError(f"{name}: {len(values)} for {count} styles; give one per style")
    return values
