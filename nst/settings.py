"""Settings of runs as flat mappings: which of them a sweep varies, and how to display them."""

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nst import bounded
from nst.redaction import MARK
from nst.setting_rules import rule

PICTURE_PATH = re.compile(
    r"[^\s<>]*/[^\s<>/]+\.\w{3,5}|[^<>\n]*[^<>\n/]\.(?:jpe?g|png|webp|tiff?|bmp|gif|avif|jp2)", re.I
)
"""Matches the path or the address of a picture."""

SEPARATOR = re.compile(r"[/\\]")
"""Between the parts of a path."""
PICTURED = ("content", "style")
"""The groups whose settings `image` are pictures."""

Value = bool | int | float | str


def compared(config: Mapping[str, Any], choices: Mapping[str, Any]) -> dict[str, Value]:
    """`{setting: value}` by which runs are compared: a config's settings by dotted name, and each group's choice."""
    knobs = {key: value for key, value in config.items() if rule(key).compared}
    chosen = {group: choice for group, choice in choices.items() if choice and rule(group).compared}
    return {**flatten(knobs), **flatten(chosen)}


def chosen(config: Mapping[str, Any], choices: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """`choices`; for content and style, the name of a picture with which overrides or a suite replace the choice's."""
    given, by_pair = overridden(overrides), config.get("pair") is not None
    parts = {role: config.get(role) for role in PICTURED if by_pair or f"{role}.image" in given}
    images = {role: part.get("image") for role, part in parts.items() if isinstance(part, Mapping)}
    return {**choices, **{role: displayed(image) for role, image in images.items() if image and role in choices}}


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
        items = [displayed(item) if is_picture(item) else str(item) for item in _list(text)]
        return ", ".join(items) if len(items) < 4 else f"{items[0]} … {items[-1]} ({len(items)})"
    return _end(text, 1, suffix=False) if is_picture(text) else text


def is_picture(value: object) -> bool:
    """Whether `value` is the path or the address of a picture."""
    return isinstance(value, str) and bool(PICTURE_PATH.fullmatch(_path(value)))


def labels(values: Iterable[Any]) -> dict[Any, str]:
    """`{value: displayed(value)}`; values that look the same get more of their paths, so that their texts differ."""
    alike: dict[str, list[Any]] = {}
    for value in dict.fromkeys(values):
        alike.setdefault(displayed(value), []).append(value)
    return {value: text for same in alike.values() for value, text in zip(same, _told_apart(same), strict=True)}


def _told_apart(values: Sequence[Any]) -> Sequence[str]:
    """Texts of values that look the same, by which they differ: of pictures, the shortest ends of their paths."""
    if len(values) == 1:
        return [displayed(values[0])]
    if all(map(is_picture, values)):
        for parts, suffix in itertools.product(range(1, max(map(_depth, values)) + 1), (False, True)):
            texts = [_end(value, parts, suffix=suffix) for value in values]
            if len(set(texts)) == len(values):
                return texts
    return [str(value) for value in values]


def _depth(image: str) -> int:
    return len(SEPARATOR.findall(_path(image))) + 1


def _end(image: str, parts: int, *, suffix: bool) -> str:
    """The last `parts` of a path, with or without the suffix: `x/a` of `/y/x/a.jpg`."""
    end = "/".join(SEPARATOR.split(_path(image))[-parts:])
    return end if suffix else end.rpartition(".")[0]


def _path(image: str) -> str:
    """A path, or an address without checksum and redacted query."""
    return image.partition("#")[0].removesuffix(f"?{MARK}")


def _list(text: str) -> list[Any]:
    try:
        return bounded.from_json(text, "a list")
    except bounded.DataError:
        return [text]
