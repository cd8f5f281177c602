"""What the files of conf/ say of their knobs: name, default, and the remark behind the line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

GLOBAL = "# @package _global_"
"""First line of a file that is a command of its own, not a choice of a group."""

NO_KNOBS = ("_target_", "defaults", "hydra")
MAIN = "config.yaml"


@dataclass(frozen=True)
class Knob:
    """One line of a config."""

    name: str  # as an override names it
    default: str  # as the file spells it
    remark: str  # what stands behind the line, or behind that of the mapping it is in


@dataclass(frozen=True)
class Choice:
    """One file of a group."""

    name: str
    about: str
    knobs: tuple[Knob, ...]


@dataclass(frozen=True)
class Group:
    """A folder of conf/."""

    name: str  # as an override names it: loss/style
    choices: tuple[Choice, ...]
    default: str  # the choice that serves where nothing is said; "" where there is none


def main_knobs(conf: Path) -> tuple[Knob, ...]:
    """The knobs of no group."""
    return tuple(knobs((conf / MAIN).read_text(), ""))


def groups(conf: Path) -> list[Group]:
    """All groups: in the order of the defaults, then those that have no default."""
    defaults = {key: choice for item in _defaults(conf) if isinstance(item, dict) for key, choice in item.items()}
    folders = {"/".join(file.relative_to(conf).parts[:-1]): file.parent for file in sorted(conf.rglob("*/*.yaml"))}
    found = [group(name, folder, str(defaults.get(name) or "")) for name, folder in folders.items()]
    rank = {name: place for place, name in enumerate(defaults)}
    return sorted((group for group in found if group.choices), key=lambda group: rank.get(group.name, len(rank)))


def _defaults(conf: Path) -> list[object]:
    return yaml.safe_load((conf / MAIN).read_text())["defaults"]


def group(name: str, folder: Path, default: str) -> Group:
    """The choices in a folder, the default first."""
    texts = {file.stem: file.read_text() for file in sorted(folder.glob("*.yaml"))}
    prefix = name.replace("/", ".") + "."
    choices = [
        Choice(stem, about(text), tuple(knobs(text, prefix)))
        for stem, text in texts.items()
        if not text.startswith(GLOBAL)
    ]
    return Group(name, tuple(sorted(choices, key=lambda choice: choice.name != default)), default)


def about(text: str) -> str:
    """The comment that a choice begins with: its first line."""
    return text.partition("\n")[0].removeprefix("#").strip()


def told(text: str) -> str:
    """What the comment of a named config says after the command: its first paragraph."""
    words = []
    for line in text.splitlines()[2:]:
        if not re.match(r"# \S", line):
            break
        words.append(line.removeprefix("# "))
    return " ".join(words)


def knobs(text: str, prefix: str) -> Iterator[Knob]:
    """Every knob of a YAML file, in its order."""
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
    """The comment behind a value, or behind the key of a value that stands in the lines below."""
    below = isinstance(value, yaml.CollectionNode) and not value.flow_style
    mark = key.end_mark if below else value.end_mark
    if mark is None or mark.line >= len(lines):
        return ""
    comment = re.match(r":?\s*#\s*(.*)", lines[mark.line][mark.column :])
    return comment[1].strip() if comment else ""
