"""Read the recipe inside a picture as data, and compose a config from it.

A recipe may name only nst's own parts, each in its own group, and pictures. Nothing in it is evaluated.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from nst import bounded
from nst.cli.config_files import ConfigFiles
from nst.errors import InputError, printable, unknown_key
from nst.image.encode import FORMATS
from nst.image.io import check_bits, check_dpi, read_texts
from nst.observers.tracker import is_tracker
from nst.runner import schema
from nst.runner.folder import CONFIG, PICTURE, RESULT
from nst.runner.instantiate import TARGET
from nst.runner.record import RECIPE
from nst.runner.recorded import RECORD, checked
from nst.runtime.data_files import read_text

KEY = re.compile(r"[a-z]\w{0,63}")  # of a setting
LONGEST = 4096  # characters of a text, as of a path
TOP = schema.Config.__dataclass_fields__
OTHER_VERSION = "perhaps another version of nst wrote it"
CONF = ConfigFiles()
ELSEWHERE = ("sweep_dir", "output")  # folders of the recorded run; they are not repeated


@dataclass(frozen=True)
class Recipe:
    """The config and the record of a picture."""

    config: dict[str, Any]
    record: Mapping[str, Any]  # identity, overrides, choices, provenance and tiles, if recorded
    picture: Path | None

    @property
    def written(self) -> str:
        """The name that a run gives to a picture of this format."""
        suffix = (self.picture or Path(PICTURE)).suffix.lower().lstrip(".").replace("jpeg", "jpg")
        suffix = {"tif": "tiff"}.get(suffix, suffix)
        return f"result.{suffix}" if suffix in FORMATS else PICTURE


def read(source: Path) -> Recipe:
    """Read the recipe in a picture that nst wrote, or in a run folder.

    Raises:
        InputError: `source` is neither, or has no recipe.
    """
    if source.is_dir():
        return _of_folder(source)
    if not source.is_file():
        raise InputError(f"{source}: there is no such picture or run")
    text = read_texts(source, RECIPE)
    if RECIPE[0] not in text:
        raise InputError(f"{source} has no recipe inside: only pictures that nst wrote have one")
    return _recipe(source, text[RECIPE[0]], text.get(RECIPE[1], ""), source)


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


def compose_recipe(recipe: Mapping[str, Any], files: ConfigFiles = CONF) -> DictConfig:
    """Compose a config of this version from `recipe`; keys that it lacks keep their defaults.

    Raises:
        InputError: it names a class that no file of `files` names in the same group, has an unknown key or a value of
            another type, or contains an interpolation.
    """
    _check(recipe, files)
    config = files.composed()
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
        if key == "observers" and isinstance(value, Mapping):
            value = {name: observer for name, observer in value.items() if not is_tracker(observer)}
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


def _check(node: Any, files: ConfigFiles, path: str = "") -> None:
    """Raise InputError unless every `_target_` at or below `node` is one that `files` name in the same group."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            name = str(key)
            where = f"{path}.{_shown(name)}".lstrip(".")
            if name != TARGET and not KEY.fullmatch(name):
                raise InputError(f"the recipe's {where} is not allowed in recipes")
            if name == TARGET and not (isinstance(value, str) and value in files.targets(files.group(path))):
                raise _foreign(where, value, files.group(path), files)
            _check(value, files, f"{path}.{name}" if path and name != TARGET else name)
    elif isinstance(node, list):
        for item in node:
            _check(item, files, path)
    elif isinstance(node, str) and len(node) > LONGEST:
        raise InputError(f"the recipe's {path} is a text of over {LONGEST} characters")
    elif isinstance(node, str) and "${" in node:
        raise InputError(f"the recipe's {path} is an interpolation, which recipes may not contain: {_shown(node)}")


def _foreign(where: str, value: Any, group: str, files: ConfigFiles) -> InputError:
    """The error for a `_target_` that no file of its group names."""
    folders = f"conf/{group}" if files.own is None else f"conf/{group} and {files.own / group}"
    hint = OTHER_VERSION if files.own or str(value).startswith("nst.") else "--config-dir FOLDER adds your own configs"
    does = "does" if files.own is None else "do"
    return InputError(f"the recipe's {where} is {_shown(value)}, which {folders} {does} not name; {hint}")


def _shown(value: Any) -> str:
    """The first characters of a value, for a message."""
    return printable(str(value))[:80]
