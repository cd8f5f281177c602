"""The settings of runs as flat mappings, which of them a sweep varies, and how they are displayed."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from nst.setting_rules import rule

PICTURE_PATH = re.compile(r"[^\s<>]*/[^\s<>/]+\.\w{3,5}")
"""A picture's path or address."""

Value = bool | int | float | str


def compared(config: Mapping[str, Any], choices: Mapping[str, Any]) -> dict[str, Value]:
    """`{knob: value}`: every knob of a composed config by its dotted name, and the chosen file of every group."""
    knobs = {key: value for key, value in config.items() if rule(key).compared}
    chosen = {group: choice for group, choice in choices.items() if choice and rule(group).compared}
    return {**flatten(knobs), **flatten(chosen)}


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Value]:
    """`{a.b: value}` of a nested config, without `_target_`s; lists and null become JSON."""
    flat: dict[str, Value] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{name}."))
        elif key != "_target_":
            flat[name] = value if isinstance(value, Value) else json.dumps(value, default=str)
    return flat


def overridden(overrides: Sequence[str]) -> list[str]:
    """The knobs that command-line overrides name, `+` and `~` left out; a part's choice is `group@place`."""
    return [text.partition("=")[0].lstrip("+~") for text in overrides]


def varied(runs: Sequence[tuple[Sequence[str], Mapping[str, Value]]]) -> list[str]:
    """The knobs in which runs, given as (overrides, settings), differ.

    Those that some override names, in the order of the first; where these explain nothing, whatever differs.
    """
    named = dict.fromkeys(knob for overrides, _ in runs for knob in overridden(overrides))
    everything = dict.fromkeys(knob for _, knobs in runs for knob in knobs)
    for candidates in (named, everything):
        found = [knob for knob in candidates if len({knobs.get(knob) for _, knobs in runs}) > 1]
        if found:
            return found
    return []


def short(knob: str) -> str:
    """A knob's name as it fits a column: its last two parts, `style.weight` for `loss.style.weight`."""
    return ".".join(knob.replace("/", ".").split(".")[-2:])


def displayed(value: Any) -> str:
    """A value as it fits a column: numbers short, pictures by their name, lists by their ends."""
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
        return json.loads(text)
    except ValueError:
        return [text]
