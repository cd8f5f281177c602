"""A config -> the objects it names.

Every key is held against the constructor that will take it, with the nearest right one in the message: Hydra checks
keys on the command line only, not those in a user's YAML.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
from hydra.errors import HydraException, InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nst import image
from nst.assets.find import Asset, find, pictures_in
from nst.errors import InputError, check_count, check_name, suggestion
from nst.init import Given, Picture
from nst.mask import gray, regions
from nst.record import Metric
from nst.schema import GROUPS, MIXED, Config
from nst.style import Source, Style

TARGET = "_target_"


def build(config: DictConfig, path: str, optional: bool = False) -> Any:
    """The object that the node at `path` names; None where the node is null and `optional`.

    Raises:
        InputError: no node, a key its constructor does not take, a missing or impossible value; the message names it.
    """
    node = OmegaConf.select(config, path)
    if node is None and optional:
        return None
    if isinstance(node, DictConfig) and TARGET not in node:
        raise InputError(
            f"'{path}' names no {TARGET}: the file it comes from must say what to build, like nst's own do"
        )
    if not isinstance(node, DictConfig):
        raise InputError(f"'{path}' must be a choice of its group, not {node}; --help lists them")
    for where, inner in _targets(node, path):
        _check_keys(where, inner)
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        cause = _own_words(error)
        if isinstance(cause, InputError):
            raise type(cause)(_in_place(str(cause), path, str(error))) from cause.__cause__
        if not isinstance(cause, HydraException | TypeError | ValueError):
            raise cause from cause.__cause__  # not from `error`, which holds it: that would be a ring
        raise InputError(f"{path}: {str(cause).splitlines()[0]}") from cause
    except OmegaConfBaseException as error:
        raise InputError(f"{path}: {str(error).splitlines()[0]}") from error


def build_each(config: DictConfig, path: str) -> dict[str, Any]:
    """{name: object} of the nodes at `path`; those that are null are left out.

    Raises:
        InputError: as `build`, and for a node that names no target.
    """
    nodes = OmegaConf.select(config, path) or {}
    for name in nodes:
        if nodes[name] is not None and TARGET not in nodes[name]:
            raise InputError(f"'{path}.{name}' is unknown{suggestion(name, [n for n in nodes if n != name])}")
    return {str(name): build(config, f"{path}.{name}") for name in nodes if nodes[name] is not None}


def plain(config: DictConfig) -> dict[str, Any]:
    """A config as plain data, every interpolation resolved."""
    return OmegaConf.to_container(config, resolve=True, enum_to_str=True)  # pyright: ignore[reportReturnType]


def _targets(node: Any, path: str) -> Iterator[tuple[str, DictConfig]]:
    """Every node at or below `path` that names a target."""
    if isinstance(node, DictConfig):
        if TARGET in node:
            yield path, node
        for key in node:
            if not OmegaConf.is_missing(node, str(key)):
                yield from _targets(node[key], f"{path}.{key}")


def _check_keys(path: str, node: DictConfig) -> None:
    try:
        parameters = inspect.signature(get_object(node[TARGET])).parameters
    except (ImportError, InstantiationException, ValueError, TypeError) as error:
        raise InputError(f"{path}.{TARGET}: {node[TARGET]} cannot be imported") from error
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    for key in node:
        name = str(key)
        if not name.startswith("_") and name not in parameters:
            raise InputError(f"'{path}.{name}' is unknown{suggestion(name, parameters)}")
        if OmegaConf.is_missing(node, name):
            raise InputError(f"'{path}.{name}' must be given, like {path}.{name}=...")


def _in_place(text: str, path: str, told: str) -> str:
    """A complaint about a part, which knows its group's path only, with the part's own, which Hydra tells."""
    where = re.search(r"full_key: ([\w.]+)", told)
    return text.replace(f"{path}.", f"{where[1]}.", 1) if where and where[1].startswith(f"{path}.") else text


def _own_words(error: InstantiationException) -> BaseException:
    """The constructor's own exception, out of Hydra's wrapping."""
    cause: BaseException = error
    while isinstance(cause, InstantiationException) and cause.__cause__ is not None:
        cause = cause.__cause__
    return cause


def check_top(config: DictConfig) -> None:
    """Check the names at the top: those the schema does not have (`+name=` slips past Hydra), those deleted, ranges."""
    known = Config.__dataclass_fields__
    for key in config:
        if key not in known:
            raise InputError(f"'{key}' is unknown{suggestion(key, known)}")
    for key in known:
        if key not in config or OmegaConf.is_missing(config, key):
            raise InputError(f"'{key}' must be given")
    if config.steps is not None:
        check_count("steps", config.steps, at_least=1)
    check_count("seed", config.seed, at_least=0)
    if not config.score:
        raise InputError(f"score must name at least one of {', '.join(metric.value for metric in Metric)}")
    for suffix in config.output.formats:
        check_name("output.formats: format", suffix, image.FORMATS)
    image.check_bits("output.bits", config.output.bits, config.output.formats)


def check_choices(config: DictConfig, choices: Mapping[str, Any]) -> None:
    """Refuse a list of choices for one group: Hydra merges them without a word, and tells none of them."""
    for group in GROUPS:
        if group not in choices and OmegaConf.select(config, group.replace("/", ".")) is not None:
            mixed = f", or {group}=mix for some of each" if group in MIXED else ""
            raise InputError(f"{group} takes one choice, not a list of them{mixed}")


class Pictures:
    """The pictures a config names, found and read; no TensorFlow in here."""

    def __init__(self, config: DictConfig) -> None:
        check_top(config)
        self._fallback = bool(config.fallback)
        self.assets: dict[str, Asset] = {}
        size = image.check_size(OmegaConf.to_object(config.size) if OmegaConf.is_config(config.size) else config.size)
        content, sources = build(config, "content"), build(config, "style")
        self.content = self._read("content", content.image, size, image.MIN_SIDE)
        self.alpha = image.read_alpha(self.assets["content"].path, *self.content.shape[1:3])
        self._long_side = max(self.content.shape[1:3])
        self.mask = self._gray("content.mask", content.mask) if content.mask else None
        self.styles = self._styles(sources)

    def _styles(self, sources: Sequence[Source]) -> list[Style]:
        """The styles, those of a folder each on its own."""
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

    def _style(self, source: Source, name: str, role: str) -> np.ndarray:
        return self._read(role, name, self._enough(source.scale))

    def _mask(self, index: int, source: Source) -> np.ndarray | None:
        if source.region:
            name, region, of = source.region
            picture = self._read("style.masks", name, None)
            return regions(picture, of, self._size, f"style.masks: {name}")[region]
        return self._gray(f"style.masks/{index}", source.mask) if source.mask else None

    def _gray(self, role: str, name: str) -> np.ndarray:
        return gray(self._read(role, name, None), self._size, f"{role.partition('/')[0]}: {name}")

    @property
    def _size(self) -> tuple[int, int]:
        return self.content.shape[1], self.content.shape[2]

    def _enough(self, scale: float) -> int:
        """The long side at which to read a style: what the run takes of it, and no less than the metrics want."""
        return max(1, round(max(1.0, scale) * self._long_side))

    def _read(self, role: str, name: str, size: image.Size | None, smallest: int = 1) -> np.ndarray:
        asset = self.assets[role] = find(str(name), fallback=self._fallback)
        group = role.partition("/")[0]
        key = group if "." in group else f"{group}.image"
        return image.read(asset.path, size, name=f"{key}: {asset.name}", smallest=smallest)

    def first(self, config: DictConfig) -> Any:
        """What makes the first picture, its own picture read if it has one."""
        init = build(config, "init")
        return Given(self._read("init", init.image, self._long_side)) if isinstance(init, Picture) else init
