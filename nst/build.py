"""A config -> the objects it names.

Every key is held against the constructor that will take it, with the nearest right one in the message: Hydra checks
keys on the command line only, not those in a user's YAML.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from hydra.errors import HydraException, InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nst import image
from nst.assets import Asset, find
from nst.errors import InputError, check_count, check_name, suggestion
from nst.schema import Config

TARGET = "_target_"


def build(config: DictConfig, path: str) -> Any:
    """The object that the node at `path` names.

    Raises:
        InputError: a key its constructor does not take, a missing or impossible value; the message names the key.
    """
    node = OmegaConf.select(config, path)
    for where, inner in _targets(node, path):
        _check_keys(where, inner)
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        cause = _own_words(error)
        if isinstance(cause, InputError) or not isinstance(cause, HydraException | TypeError | ValueError):
            raise cause from cause.__cause__  # not from `error`, which holds it: that would be a ring
        raise InputError(f"{path}: {str(cause).splitlines()[0]}") from cause
    except OmegaConfBaseException as error:
        raise InputError(f"{path}: {str(error).splitlines()[0]}") from error


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


def _own_words(error: InstantiationException) -> BaseException:
    """The constructor's own exception, out of Hydra's wrapping."""
    cause: BaseException = error
    while isinstance(cause, InstantiationException) and cause.__cause__ is not None:
        cause = cause.__cause__
    return cause


def check_top(config: DictConfig) -> None:
    """Raise InputError for a name at the top of `config` that the schema does not have (`+name=` slips past Hydra)."""
    known = Config.__dataclass_fields__
    for key in config:
        if key not in known:
            raise InputError(f"'{key}' is unknown{suggestion(key, known)}")


class Pictures:
    """The pictures a config names, found and read; no TensorFlow in here."""

    def __init__(self, config: DictConfig) -> None:
        check_top(config)
        size, fallback = image.check_size(_plain(config.size)), bool(config.fallback)
        check_count("steps", config.steps, at_least=1)
        for suffix in config.output.formats:
            check_name("output.formats: format", suffix, image.FORMATS)
        self.assets: dict[str, Asset] = {}
        self._fallback = fallback
        self.content = self._read("content", build(config, "content").image, size)
        self.long_side = max(self.content.shape[1:3])
        self.sources = build(config, "style")
        several = len(self.sources) > 1
        self.styles = [
            self._read(
                f"style/{index}" if several else "style", source.image, max(1, round(source.scale * self.long_side))
            )
            for index, source in enumerate(self.sources)
        ]

    def _read(self, role: str, name: str, size: image.Size) -> np.ndarray:
        asset = self.assets[role] = find(str(name), fallback=self._fallback)
        return image.read(asset.path, size, name=f"{role.partition('/')[0]}.image: {asset.name}")

    def first(self, config: DictConfig) -> Any:
        """The initial picture's maker, its file read if it has one."""
        init = build(config, "init")
        if hasattr(init, "pixels"):
            return replace(init, pixels=self._read("init", init.image, self.long_side))
        return init


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
