"""Find and read the pictures that a config names, before TensorFlow is imported."""

from collections.abc import Sequence
from itertools import count

import numpy as np
from omegaconf import DictConfig, OmegaConf

from nst.assets.find import Asset, find
from nst.assets.picture_folder import names_several, pictures_in
from nst.errors import InputError
from nst.image.decode import decode_alpha
from nst.image.io import MIN_SIDE, Size, check_size, read_alpha, read_image
from nst.image.mask import gray, regions
from nst.init import FromImage, Init, Picture
from nst.redaction import redacted_address
from nst.runner.checks import check_addresses, check_top
from nst.runner.instantiate import build
from nst.style import Style, StylePicture


class Pictures:
    """The pictures that a config names, found and read without TensorFlow.

    Attributes:
        content: the content picture, `[1,H,W,3]` float32, 0..1.
        alpha: alpha of the content, `[H,W]`; None if it is opaque.
        mask: mask of the content, `[1,H,W,1]`; None if there is none.
        styles: one `Style` per style picture; a folder gives one for each of its pictures.
        assets: {role: file}, such as `content`, `style/0`, `style.masks`.

    Raises:
        InputError: a setting or a picture is invalid; the message names it.
    """

    def __init__(self, config: DictConfig) -> None:
        check_top(config)
        check_addresses(config)
        self._fallback = bool(config.fallback)
        self.assets: dict[str, Asset] = {}
        self._color_coded: dict[str, list[np.ndarray]] = {}
        size = OmegaConf.to_object(config.size) if OmegaConf.is_config(config.size) else config.size
        size = check_size(size, config.output.dpi)
        _check_single(config)
        content, sources = build(config, "content"), build(config, "style")
        if names_several(str(content.image)):
            raise InputError(
                f"content.image: {content.image} names several pictures, but a config has one content; "
                "content.image=... in a command of nst.run makes a run of each"
            )
        self.content = self._read("content", content.image, size, MIN_SIDE)
        self.alpha = read_alpha(self.assets["content"].path, *self.content.shape[1:3])
        self._long_side = max(self.content.shape[1:3])
        self.mask = self._gray("content.mask", content.mask) if content.mask else None
        self.styles = self._styles(sources)

    def _styles(self, sources: Sequence[StylePicture]) -> list[Style]:
        """All styles; the pictures of a folder share its weight equally."""
        masks = [self._mask(index, source) for index, source in enumerate(sources)]
        each = [(source, mask, pictures_in(str(source.image))) for source, mask in zip(sources, masks, strict=True)]
        several = sum(len(names) for *_, names in each) > 1
        numbers = count()
        return [
            source.style(
                self._style(source, name, f"style/{next(numbers)}" if several else "style"), mask, 1 / len(names)
            )
            for source, mask, names in each
            for name in names
        ]

    def _style(self, source: StylePicture, name: str, role: str) -> np.ndarray:
        return self._read(role, name, self._enough(source.scale))

    def _mask(self, index: int, source: StylePicture) -> np.ndarray | None:
        if source.region:
            name, region, of = source.region
            return self._regions(name, of)[region]
        return self._gray(f"style.masks/{index}", source.mask) if source.mask else None

    def _regions(self, name: str, count: int) -> list[np.ndarray]:
        """The masks of a color-coded picture, which is read once for all styles."""
        if name not in self._color_coded:
            picture = self._read("style.masks", name, None)
            self._color_coded[name] = regions(picture, count, self._size, f"style.masks: {redacted_address(name)}")
        return self._color_coded[name]

    def _gray(self, role: str, name: str) -> np.ndarray:
        return gray(self._read(role, name, None), self._size, f"{role.partition('/')[0]}: {redacted_address(name)}")

    @property
    def _size(self) -> tuple[int, int]:
        return self.content.shape[1], self.content.shape[2]

    def _enough(self, scale: float) -> int:
        """The long side, in pixels, at which to read a style: enough for its scale in the run and for the metrics."""
        return max(1, round(max(1.0, scale) * self._long_side))

    def _read(self, role: str, name: str, size: Size | None, smallest: int = 1) -> np.ndarray:
        group = role.partition("/")[0]
        key = group if "." in group else f"{group}.image"
        if not str(name).strip():
            raise InputError(f"{key} is empty; give the name of a picture, a path or an address")
        asset = self.assets[role] = find(str(name), fallback=self._fallback, check=decode_alpha)
        return read_image(asset.path, size, name=f"{key}: {redacted_address(asset.name)}", smallest=smallest)

    def first(self, config: DictConfig) -> Init:
        """The `Init` of `config`; if it uses a picture of its own, that picture is read."""
        init = build(config, "init")
        return FromImage(self._read("init", init.image, self._long_side)) if isinstance(init, Picture) else init


def _check_single(config: DictConfig) -> None:
    """Raise InputError if `content.image` or `style.image` is a list."""
    for group, several in (
        ("content", "-m content.image={} makes a run of each"),
        ("style", "for several write style=blend 'style.images=[{}]'"),
    ):
        value = OmegaConf.select(config, f"{group}.image", throw_on_missing=False)
        if OmegaConf.is_list(value):
            names = ",".join(redacted_address(str(name)) for name in value)
            raise InputError(f"{group}.image takes one picture; {several.format(names)}")
