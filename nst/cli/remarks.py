"""Read the settings in conf/: name, default, and the remark at the end of the line."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

GLOBAL = "# @package _global_"
"""First line of a named config, which is not a choice of a group."""

NO_KNOBS = ("_target_", "defaults", "hydra")
MAIN = "config.yaml"


@dataclass(frozen=True)
class Knob:
    """One line of a config."""

    name: str  # as in an override
    default: str  # as written in the file
    remark: str  # of its line, or of the mapping that contains it


@dataclass(frozen=True)
class Choice:
    """One file of a group."""

    name: str
    about: str
    knobs: tuple[Knob, ...]


@dataclass(frozen=True)
class Group:
    """A folder of conf/."""

    name: str  # as in an override: loss/style
    choices: tuple[Choice, ...]
    default: str  # the default choice, or ""


def main_knobs(conf: Path) -> tuple[Knob, ...]:
    """The top-level settings."""
    return tuple(knobs((conf / MAIN).read_text(encoding="utf-8"), ""))


def groups(conf: Path) -> list[Group]:
    """All groups: those with a default in the order of config.yaml, then the others."""
    defaults = main_choices(conf)
    folders = {"/".join(file.relative_to(conf).parts[:-1]): file.parent for file in sorted(conf.rglob("*/*.yaml"))}
    found = [group(name, folder, defaults.get(name, "")) for name, folder in folders.items()]
    rank = {name: place for place, name in enumerate(defaults)}
    return sorted((group for group in found if group.choices), key=lambda group: rank.get(group.name, len(rank)))


def main_choices(conf: Path) -> dict[str, str]:
    """`{group: default choice}` of config.yaml, "" if it is null, in its order."""
    items = yaml.safe_load((conf / MAIN).read_text(encoding="utf-8"))["defaults"]
    return {key: str(name or "") for item in items if isinstance(item, dict) for key, name in item.items()}


def group(name: str, folder: Path, default: str) -> Group:
    """The choices in a folder, the default first."""
    texts = {file.stem: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.yaml"))}
    prefix = name.replace("/", ".") + "."
    choices = [
        Choice(stem, about(text), tuple(knobs(text, prefix)))
        for stem, text in texts.items()
        if not text.startswith(GLOBAL)
    ]
    return Group(name, tuple(sorted(choices, key=lambda choice: choice.name != default)), default)


def about(text: str) -> str:
    """The description of a choice: the comment on its first line."""
    return text.partition("\n")[0].removeprefix("#").strip()


def summary(text: str) -> str:
    """The description of a named config: the first paragraph of its comment, after the command."""
    words = []
    for line in text.splitlines()[2:]:
        if not re.match(r"# \S", line):
            break
        words.append(line.removeprefix("# "))
    return " ".join(words)


def knobs(text: str, prefix: str) -> Iterator[Knob]:
    """Every setting of a YAML file, in its order."""
    root = yaml.compose(text)
    if isinstance(root, yaml.MappingNode):
        yield from _leaves(root, prefix, "", text.splitlines(), text)


def _leaves(node: yaml.MappingNode, prefix: str, inherited: str, lines: list[str], text: str) -> Iterator[Knob]:
    for key, value in node.value:
        if key.value in NO_KNOBS:
            continue
        remark = _remark(key, value, lines) or inherited
        if isinstance(value, yaml.MappingNode) and value.value:
            yield from _leaves(value, f"{prefix}{key.value}.", remark, lines, text)
        else:
            default = text[value.start_mark.index : value.end_mark.index]
            yield Knob(prefix + key.value, " ".join(default.split()), remark)


def _remark(key: yaml.Node, value: yaml.Node, lines: list[str]) -> str:
    """The comment after a value, or after its key if the value is on the lines below."""
    below = isinstance(value, yaml.CollectionNode) and not value.flow_style
    mark = key.end_mark if below else value.end_mark
    if mark is None or mark.line >= len(lines):
        return ""
    comment = re.match(r":?\s*#\s*(.*)", lines[mark.line][mark.column :])
    return comment[1].strip() if comment else ""


def rows(group: Group) -> list[tuple[str, str, dict[str, str]]]:
    """Name, remark and {choice: default} of a group's settings; choices share a row if name and remark are the same."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for choice in group.choices:
        for knob in choice.knobs:
            found.setdefault((knob.name, knob.remark), {})[choice.name] = knob.default
    order = list(dict.fromkeys(name for name, _ in found))  # the rows of a setting together, at its first place
    return [(*key, found[key]) for key in sorted(found, key=lambda key: order.index(key[0]))]


def defaults(found: dict[str, str], choices: Sequence[str], shown: Callable[[str], str] = str) -> str:
    """The defaults of a setting in its choices: each value once, with its choices unless all share it."""
    if len(found) > 1 and all(value == choice for choice, value in found.items()):
        return "the choice's name"
    by_value: dict[str, list[str]] = {}
    for choice, value in found.items():
        by_value.setdefault(value, []).append(choice)
    return "; ".join(shown(value) + _among(having, choices) for value, having in by_value.items())


def _among(having: Sequence[str], choices: Sequence[str]) -> str:
    """The names of the choices that have a value; "" if all have it."""
    others = [choice for choice in choices if choice not in having]
    if not others:
        return ""
    return f" (all except {', '.join(others)})" if 2 * len(others) < len(having) else f" ({', '.join(having)})"
