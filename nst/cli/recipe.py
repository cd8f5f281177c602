"""The recipe inside a picture, read as data and made a config again.

It may name nothing but nst's own parts, each in its place, and pictures; nothing in it is computed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException
from PIL import Image

from nst.cli.configs import VERSION_BASE, conf_dir
from nst.errors import InputError, unknown_key
from nst.image.io import check_bits
from nst.runner import schema
from nst.runner.folder import CONFIG, PICTURE, RESULT
from nst.runner.instantiate import TARGET, plain
from nst.settings import flatten

TOP = schema.Config.__dataclass_fields__
OTHER_VERSION = "perhaps it is of another version of nst"
GROUPS_OF_CONFIGS = ("experiment", "sweep")
ELSEWHERE = ("sweep_dir", "output")  # where the first one was written is nothing to repeat


@dataclass(frozen=True)
class Recipe:
    """What a picture was made with."""

    config: dict[str, Any]
    record: Mapping[str, Any]  # identity, overrides, choices, provenance, as far as they were kept
    picture: Path | None


def read(source: Path) -> Recipe:
    """The recipe in a picture, or in a run's folder.

    Raises:
        InputError: neither, or a picture without one.
    """
    if source.is_dir():
        return _of_folder(source)
    if not source.is_file():
        raise InputError(f"{source}: there is no such picture or run")
    try:
        with Image.open(source) as picture:
            text = dict(getattr(picture, "text", {}))
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{source} is not a picture that can be read") from error
    if "nst.config" not in text:
        raise InputError(f"{source} has no recipe inside: only the PNG files that nst writes do")
    return Recipe(_mapping(source, text["nst.config"]), _mapping(source, text.get("nst.record", "{}")), source)


def _of_folder(source: Path) -> Recipe:
    config, record, picture = (source / name for name in (CONFIG, RESULT, PICTURE))
    if not config.is_file():
        raise InputError(f"{source} is no run: there is no {CONFIG} in it")
    text = record.read_text(encoding="utf-8") if record.is_file() else "{}"
    found = picture if picture.is_file() else None
    return Recipe(_mapping(config, config.read_text(encoding="utf-8")), _mapping(record, text), found)


def _mapping(source: Path, text: str) -> dict[str, Any]:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"{source}: its recipe is broken") from error
    if not isinstance(value, dict):
        raise InputError(f"{source}: its recipe is broken")
    return value


def compose_recipe(recipe: Mapping[str, Any]) -> DictConfig:
    """The recipe as a config of this version: what it does not say is as it is by default.

    Raises:
        InputError: it names something that is not nst's, or would be computed while it is read.
    """
    _check(recipe)
    config = _composed([])
    with open_dict(config):
        for key, value in recipe.items():
            if key in ELSEWHERE:
                continue
            if key not in TOP:
                raise InputError(f"the recipe's {unknown_key(key, TOP)}; {OTHER_VERSION}")
            _put(config, key, value)
    output = recipe.get("output") or {}
    formats = output.get("formats", []) if isinstance(output, Mapping) else None
    if not isinstance(formats, list):
        raise InputError("the recipe's output.formats is no list")
    config.output.formats = formats
    if isinstance(output, Mapping) and output.get("bits") is not None:
        check_bits("the recipe's output.bits", output["bits"], formats)
        config.output.bits = output["bits"]
    return config


def _put(config: DictConfig, key: str, value: Any) -> None:
    """Whole groups in place of the default's; of a node with a schema, part by part."""
    if is_dataclass(OmegaConf.get_type(config, key)) and isinstance(value, Mapping):
        for part, inner in value.items():
            OmegaConf.update(config, f"{key}.{part}", inner, merge=False)
    else:
        OmegaConf.update(config, key, value, merge=False)


def _check(node: Any, path: str = "") -> None:
    """Raise InputError unless every `_target_` at or below `node` is one that conf/ has in the group it stands in."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            name = str(key)
            if name == TARGET and value not in _targets(group := _group(path)):
                raise InputError(
                    f"the recipe's {path}.{TARGET} is {value}, which is none of conf/{group}; {OTHER_VERSION}"
                )
            if name != TARGET and not re.fullmatch(r"[a-z]\w*", name):
                raise InputError(f"the recipe's {path}.{name} is not for recipes")
            _check(value, f"{path}.{name}" if path and name != TARGET else name)
    elif isinstance(node, list):
        for item in node:
            _check(item, path)
    elif isinstance(node, str) and "${" in node:
        raise InputError(f"the recipe's {path} is to be computed: {node}")


def _group(path: str) -> str:
    """The config group that a node belongs to, be it a part of a part."""
    names = path.split(".")
    return next((group for k in range(len(names), 0, -1) if _is_group(group := "/".join(names[:k]))), path)


@cache
def _targets(group: str) -> set[str]:
    """Every `_target_` in the files of a group."""
    texts = (file.read_text(encoding="utf-8") for file in (Path(conf_dir()) / group).glob("*.yaml"))
    return {target for text in texts for target in re.findall(rf"{TARGET}:\s*([\w.]+)", text)}


def _composed(overrides: list[str]) -> DictConfig:
    with initialize_config_dir(conf_dir(), version_base=VERSION_BASE):
        return compose("config", overrides)


def changed(config: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """`config` with overrides of Hydra's kind: `group=choice` puts a whole group in place, `key=value` one knob."""
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        _override(config, override)
    return config


def choices(before: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """{group: the file chosen} after `overrides` of what was chosen `before`."""
    chosen = dict(before)
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        group, place = override.key_or_group, _place(override)
        if _is_group(group):  # what had been chosen inside went with it
            chosen = {key: value for key, value in chosen.items() if not key.partition("@")[2].startswith(f"{place}.")}
            chosen[f"{group}@{place}" if override.package else group] = override.value()
    return chosen


def _place(override: Override) -> str:
    """Where in the config a group's choice goes: `group@place=choice`, or where the group itself stands."""
    return override.package or override.key_or_group.replace("/", ".")


def _is_group(key: str) -> bool:
    return (Path(conf_dir()) / key).is_dir()


def _override(config: DictConfig, override: Override) -> None:
    key, value = override.key_or_group, override.value()
    if override.is_sweep_override():
        raise InputError(f"'{override.input_line}' is more than one value; nst.repeat makes one picture")
    if key in GROUPS_OF_CONFIGS:
        raise InputError(
            f"'{key}' chooses a whole config, for nst.run; nst.repeat changes single keys of a picture's own"
        )
    if _is_group(key):
        place = _place(override)
        if _group(place) != key or not isinstance(OmegaConf.select(config, place), DictConfig):
            raise InputError(f"'{override.input_line}': there is no {key} at {place} in the recipe")
        node = OmegaConf.select(_composed([f"{key}={value}"]), key.replace("/", "."))
        OmegaConf.update(config, place, node, merge=False)
        return
    known = flatten(plain(config))
    parent, _, name = key.rpartition(".")
    if OmegaConf.is_missing(config, key) or (parent and name not in (OmegaConf.select(config, parent) or {})):
        raise unknown_key(key, known, key)
    if not parent and key not in config:
        raise unknown_key(key, TOP)
    try:
        OmegaConf.update(config, key, value, merge=False)
    except OmegaConfBaseException as error:
        raise InputError(f"{key}: {str(error).splitlines()[0]}") from error
