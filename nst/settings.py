"""Settings of runs as flat mappings: which of them a sweep varies, and how to display them."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from nst import bounded
from nst.setting_rules import rule

PICTURE_PATH = re.compile(r"[^\s<>]*/[^\s<>/]+\.\w{3,5}")
"""Matches the path or the address of a picture."""

Value = bool | int | float | str


def compared(config: Mapping[str, Any], choices: Mapping[str, Any]) -> dict[str, Value]:
    """`{setting: value}` by which runs are compared: a config's settings by dotted name, and each group's choice."""
    knobs = {key: value for key, value in config.items() if rule(key).compared}
    chosen = {group: choice for group, choice in choices.items() if choice and rule(group).compared}
    return {**flatten(knobs), **flatten(chosen)}


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Value]:
    """`{a.b: value}` of a nested config, without `_target_`; lists, null and nan become JSON."""
    flat: dict[str, Value] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{name}."))
        elif key != "_target_":
            simple = isinstance(value, Value) and value == value  # nan would differ from itself
            flat[name] = value if simple else json.dumps(value, default=str)
    return flat


def overridden(overrides: Sequence[str]) -> list[str]:
    """The settings that command-line overrides name, without `+` and `~`; a choice for a part is `group@place`."""
    return [text.partition("=")[0].lstrip("+~") for text in overrides]


def varied(runs: Sequence[tuple[Sequence[str], Mapping[str, Value]]]) -> list[str]:
    """The settings in which runs differ; each run is (overrides, settings).

    Only settings that an override names, in the order of first use; if none of those differ, all settings that do.
    """
    named = dict.fromkeys(knob for overrides, _ in runs for knob in overridden(overrides))
    everything = dict.fromkeys(knob for _, knobs in runs for knob in knobs)
    for candidates in (named, everything):
        found = [knob for knob in candidates if len({knobs.get(knob) for _, knobs in runs}) > 1]
        if found:
            return found
    return []


def short(knob: str) -> str:
    """A setting's name, short enough for a column: its last two parts, `style.weight` for `loss.style.weight`."""
    return ".".join(knob.replace("/", ".").split(".")[-2:])


def displayed(value: Any) -> str:
    """A value, short enough for a column: numbers rounded, pictures by file name, lists by first and last item."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "-"}[value]
    if isinstance(value, int | float):
        return f"{value:g}"
    text = str(value)
    if text.startswith("["):
        items = [str(item) for item in _list(text)]
        return ", ".join(items) if len(items) < 4 else f"{items[0]} … {items[-1]} ({len(items)})"
    return PurePath(text.partition("#")[0]).stem if PICTURE_PATH.fullmatch(text.partition("#")[0]) else text


def _list(text: str) -> list[Any]:
    try:
        return bounded.from_json(text, "a list")
    except bounded.DataError:
        return [text]
