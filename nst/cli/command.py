"""A config -> the shortest `nst.run` command that composes it: choices and settings that differ from the defaults."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

import yaml
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from nst.cli.config_files import ConfigFiles
from nst.errors import InputError
from nst.runner.instantiate import TARGET, settings_of
from nst.runner.schema import GROUPS
from nst.runtime import shell

ELSEWHERE = ("sweep_dir",)  # a folder, no part of a picture


def command(settings: Mapping[str, Any], recorded: Mapping[str, Any], files: ConfigFiles) -> str:
    """The line `python -m nst.run ...` that composes `settings`, a checked config, for a shell.

    Args:
        settings: the config as plain data.
        recorded: {group: choice} of its record, if it has one.
        files: the files of configs that the command may choose from.

    Raises:
        InputError: no command composes it, or not in one line.
    """
    wanted = {key: value for key, value in settings.items() if key not in ELSEWHERE}
    try:
        given = overrides(wanted, recorded, files)
        composed = _plain(files, given)
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise InputError("no command composes this config; python -m nst.repeat repeats it") from error
    if composed != wanted:
        raise InputError("no command composes this config; python -m nst.repeat repeats it")
    line = shell.join(["python", "-m", "nst.run", *files.flags, *given])
    if not line.isprintable():
        raise InputError("its settings have characters that are not printable; python -m nst.repeat repeats it")
    return line


def overrides(settings: Mapping[str, Any], recorded: Mapping[str, Any], files: ConfigFiles) -> list[str]:
    """The overrides that turn the default config into `settings`.

    Raises:
        HydraException, OmegaConfBaseException, ValueError: the choices cannot be composed.
    """
    usual = choices(_defaults(files), {}, files)
    chosen = choices(settings, recorded, files, usual)
    different = [f"{group}={name}" for group, name in chosen.items() if usual.get(group) != name]
    before = _plain(files, different) if different else _defaults(files)
    return [*different, *_differences(before, settings)]


def choices(
    settings: Mapping[str, Any],
    recorded: Mapping[str, Any],
    files: ConfigFiles,
    usual: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """`{group: choice}` of a config: the recorded one, if there is such a file, else the file that is most like it.

    Among files that are equally like it, that of `usual` wins.
    """
    found = {}
    for group in GROUPS:
        node, texts = _selected(settings, group), files.texts(group)
        if isinstance(node, Mapping):
            likeness = {name: (_likeness(text, node), usual.get(group) == name) for name, text in texts.items()}
            known = recorded.get(group)
            found[group] = known if known in texts else max(likeness, key=lambda name: likeness[name])
    nested = {key: name for key, name in recorded.items() if "@" in key and isinstance(name, str)}
    return found | {key: name for key, name in nested.items() if name in files.texts(key.partition("@")[0])}


@cache
def _defaults(files: ConfigFiles) -> Mapping[str, Any]:
    return MappingProxyType(_plain(files, ()))


def _plain(files: ConfigFiles, given: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in settings_of(files.composed(given)).items() if key not in ELSEWHERE}


def _selected(settings: Mapping[str, Any], group: str) -> Any:
    node: Any = settings
    for name in group.split("/"):
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def _likeness(text: str, node: Mapping[str, Any]) -> int:
    """How many settings of a config file have the values of `node`, its class counting most."""
    own = dict(_leaves(yaml.safe_load(text) or {}))
    theirs = dict(_leaves(node))
    same = sum(key in theirs and theirs[key] == value for key, value in own.items())
    return 2 * same + 1000 * (own.get(TARGET) == theirs.get(TARGET)) - len(own)


def _leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _leaves(value, f"{path}.{key}".lstrip("."))
    else:
        yield path, node


def _differences(before: Mapping[str, Any], after: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The overrides that turn the config `before` into `after`."""
    for key in before:
        if key not in after:
            yield f"~{path}{key}"
    for key, value in after.items():
        name, old = f"{path}{key}", before.get(key)
        if key not in before:
            yield f"+{name}={in_hydra(value)}"
        elif isinstance(old, Mapping) and isinstance(value, Mapping) and value:
            yield from _differences(old, value, f"{name}.")
        elif old != value or isinstance(old, bool) != isinstance(value, bool):
            yield f"{name}={in_hydra(value)}"


def in_hydra(value: Any) -> str:
    """A value in Hydra's syntax of overrides."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{in_hydra(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(in_hydra, value)) + "]"
    if isinstance(value, str):
        return value if _is_plain(value) else _quoted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value)


def _is_plain(text: str) -> bool:
    """Whether Hydra reads the text as it is: a word that is no number, boolean or null."""
    words = text.isascii() and text.replace("_", "").replace("/", "").replace(".", "").replace("-", "").isalnum()
    return words and text[0].isalpha() and text.lower() not in ("true", "false", "null", "nan", "inf")


def _quoted(text: str) -> str:
    """Quote a text for Hydra: only quotes, and backslashes before them and at the end, are escaped there."""
    body = ""
    for part in text.split('"'):
        backslashes = len(part) - len(part.rstrip("\\"))
        body += part + "\\" * backslashes + '\\"'
    return f'"{body[:-2]}"'
