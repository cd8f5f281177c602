"""Read the settings in conf/: name, default, and the remark at the end of the line."""

import re
from collections.abc import Iterator
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
    return tuple(knobs((conf / MAIN).read_text(), ""))


def groups(conf: Path) -> list[Group]:
    """All groups: those with a default in the order of config.yaml, then the others."""
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
