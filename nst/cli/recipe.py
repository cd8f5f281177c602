"""Read the recipe inside a picture as data, and compose a config from it.

A recipe may name only nst's own parts, each in its own group, and pictures. Nothing in it is evaluated.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from nst import bounded
from nst.assets.picture_file import opened
from nst.cli.configs import VERSION_BASE, conf_dir
from nst.errors import InputError, printable, unknown_key
from nst.image.io import check_bits, check_dpi
from nst.runner import schema
from nst.runner.folder import CONFIG, PICTURE, RESULT
from nst.runner.instantiate import TARGET, plain
from nst.runner.recorded import RECORD, checked
from nst.runtime.data_files import read_text
from nst.setting_rules import OF_A_SWEEP, PICTURES
from nst.settings import flatten

KEY = re.compile(r"[a-z]\w{0,63}")  # of a setting
LONGEST = 4096  # characters of a text, as of a path
TOP = schema.Config.__dataclass_fields__
OTHER_VERSION = "perhaps another version of nst wrote it"
GROUPS_OF_CONFIGS = ("experiment", "suite", "sweep")
ELSEWHERE = ("sweep_dir", "output")  # folders of the recorded run; they are not repeated


@dataclass(frozen=True)
class Recipe:
    """The config and the record of a picture."""

    config: dict[str, Any]
    record: Mapping[str, Any]  # identity, overrides, choices, provenance and tiles, if recorded
    picture: Path | None


def read(source: Path) -> Recipe:
    """Read the recipe in a PNG file that nst wrote, or in a run folder.

    Raises:
        InputError: `source` is neither, or has no recipe.
    """
    if source.is_dir():
        return _of_folder(source)
    if not source.is_file():
        raise InputError(f"{source}: there is no such picture or run")
    with opened(source, str(source)) as picture:
        text = dict(getattr(picture, "text", {}))
    if "nst.config" not in text:
        raise InputError(f"{source} has no recipe inside: only PNG files that nst wrote have one")
    return _recipe(source, text["nst.config"], text.get("nst.record", ""), source)


def _of_folder(source: Path) -> Recipe:
    config, record, picture = (source / name for name in (CONFIG, RESULT, PICTURE))
    if not config.is_file():
        raise InputError(f"{source} is not a run folder: there is no {CONFIG} in it")
    try:
        texts = read_text(config), read_text(record) if record.is_file() else ""
    except OSError as error:
        raise InputError(f"{source}: its recipe cannot be read ({error.strerror or error})") from error
    return _recipe(source, *texts, picture if picture.is_file() else None)


def _recipe(source: Path, config: str, record: str, picture: Path | None) -> Recipe:
    """Read the two texts of a recipe.

    Raises:
        InputError: one of them is broken, over a bound, or not what nst writes.
    """
    settings = bounded.from_yaml(config, f"{source}: its recipe is broken")
    about = bounded.from_json(record, f"{source}: its record is broken") if record else {}
    if not isinstance(settings, dict):
        raise InputError(f"{source}: its recipe is broken: it is not a mapping")
    return Recipe(settings, checked(about, RECORD, f"{source}: its record is broken"), picture)


def compose_recipe(recipe: Mapping[str, Any]) -> DictConfig:
    """Compose a config of this version from `recipe`; keys that it lacks keep their defaults.

    Raises:
        InputError: it names something outside nst, has an unknown key or a value of another type, or contains an
            interpolation.
    """
    _check(recipe)
    config = _composed([])
    try:
        with open_dict(config):
            _fill(config, recipe)
    except OmegaConfBaseException as error:
        raise InputError(f"the recipe's {error.full_key}: {printable(str(error.msg).splitlines()[0])}") from error
    return config


def _fill(config: DictConfig, recipe: Mapping[str, Any]) -> None:
    for key, value in recipe.items():
        if key in ELSEWHERE:
            continue
        if key not in TOP:
            raise InputError(f"the recipe's {unknown_key(key, TOP)}; {OTHER_VERSION}")
        if isinstance(config[key], DictConfig) and not isinstance(value, Mapping | None):
            raise InputError(f"the recipe's {key} must be a mapping, not {_shown(value)}")
        _put(config, key, value)
    output = recipe.get("output") or {}
    formats = output.get("formats", []) if isinstance(output, Mapping) else None
    if not isinstance(output, Mapping) or not isinstance(formats, list):
        raise InputError("the recipe's output.formats is not a list")
    config.output.formats = formats
    if output.get("bits") is not None:
        check_bits("the recipe's output.bits", output["bits"], formats)
        config.output.bits = output["bits"]
    if output.get("dpi") is not None:
        check_dpi("the recipe's output.dpi", output["dpi"])
        config.output.dpi = output["dpi"]


def _put(config: DictConfig, key: str, value: Any) -> None:
    """Replace a whole group; update a node with a schema key by key."""
    if is_dataclass(OmegaConf.get_type(config, key)) and isinstance(value, Mapping):
        for part, inner in value.items():
            OmegaConf.update(config, f"{key}.{part}", inner, merge=False)
    else:
        OmegaConf.update(config, key, value, merge=False)


def _check(node: Any, path: str = "") -> None:
    """Raise InputError unless every `_target_` at or below `node` is one that conf/ names in the same group."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            name = str(key)
            where = f"{path}.{_shown(name)}".lstrip(".")
            if name != TARGET and not KEY.fullmatch(name):
                raise InputError(f"the recipe's {where} is not allowed in recipes")
            if name == TARGET and not (isinstance(value, str) and value in _targets(_group(path))):
                group = _group(path)
                said = f"the recipe's {where} is {_shown(value)}, which conf/{group} does not name"
                raise InputError(f"{said}; {OTHER_VERSION}")
            _check(value, f"{path}.{name}" if path and name != TARGET else name)
    elif isinstance(node, list):
        for item in node:
            _check(item, path)
    elif isinstance(node, str) and len(node) > LONGEST:
        raise InputError(f"the recipe's {path} is a text of over {LONGEST} characters")
    elif isinstance(node, str) and "${" in node:
        raise InputError(f"the recipe's {path} is an interpolation, which recipes may not contain: {_shown(node)}")


def _shown(value: Any) -> str:
    """The first characters of a value, for a message."""
    return printable(str(value))[:80]


def _group(path: str) -> str:
    """Return the config group of the node at `path`, also if the node is nested in another choice."""
    names = path.split(".")
    return next((group for k in range(len(names), 0, -1) if _is_group(group := "/".join(names[:k]))), path)


@cache
def _targets(group: str) -> set[str]:
    """Return every `_target_` in the files of a group."""
    texts = (file.read_text(encoding="utf-8") for file in (Path(conf_dir()) / group).glob("*.yaml"))
    return {target for text in texts for target in re.findall(rf"{TARGET}:\s*([\w.]+)", text)}


def _composed(overrides: list[str]) -> DictConfig:
    with initialize_config_dir(conf_dir(), version_base=VERSION_BASE):
        return compose("config", overrides)


def changed(config: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """Apply overrides in Hydra's syntax to `config`: `group=choice` replaces a group, `key=value` one setting."""
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        _override(config, override)
    return config


def choices(before: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Return {group: name of the chosen file} after `overrides` of the earlier choices `before`."""
    chosen = dict(before)
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        group, place = override.key_or_group, _place(override)
        if _is_group(group):  # nested choices are replaced with it
            chosen = {key: value for key, value in chosen.items() if not key.partition("@")[2].startswith(f"{place}.")}
            chosen[f"{group}@{place}" if override.package else group] = override.value()
    return chosen


def _place(override: Override) -> str:
    """Return the place of a choice in the config: that of `group@place=choice`, else the group's own."""
    return override.package or override.key_or_group.replace("/", ".")


def _is_group(key: str) -> bool:
    return (Path(conf_dir()) / key).is_dir()


def _override(config: DictConfig, override: Override) -> None:
    key, value = override.key_or_group, override.value()
    _check_single(key, override)
    if key in PICTURES:
        config.pair = None
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


def _check_single(key: str, override: Override) -> None:
    """Raise InputError unless `override` changes one setting of one run."""
    if override.is_sweep_override():
        raise InputError(f"'{override.input_line}' has more than one value; nst.repeat makes one picture")
    if key in GROUPS_OF_CONFIGS:
        raise InputError(
            f"'{key}' chooses a whole config, which needs nst.run; nst.repeat changes single settings of a recipe"
        )
    if key in OF_A_SWEEP:
        raise InputError(f"'{key}' makes several runs, which needs nst.run; nst.repeat makes one picture")
    if key == "pair":
        raise InputError("'pair' needs a suite, and so nst.run; nst.repeat changes content.image or style.image")
