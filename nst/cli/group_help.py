"""`--help GROUP`: the choices and settings of a group or of a part of the config, with the remarks of its files."""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from nst.cli import other_words, remarks
from nst.cli.configs import conf_dir
from nst.cli.remarks import Choice, Group
from nst.errors import InputError, suggestion
from nst.runtime.home import expanded
from nst.runtime.logs import console

INDENT = 4  # of a description, in letters
LARGEST = 120  # letters of a line, at most


def show(topics: Sequence[str], config_dir: str | None = None) -> int:
    """Print the help for each of `topics`, and return the exit status 0.

    Args:
        topics: groups, like `loss/style`; settings, like `size` or `loss.style.weight`; or parts, like `output`.
        config_dir: a folder with configs of a person's own.

    Raises:
        InputError: a topic is unknown; the message names the nearest one.
    """
    own = [expanded(config_dir)] if config_dir else []
    texts = [_text(topic, [Path(conf_dir()), *own]) for topic in topics]
    print("\n\n".join(texts))  # noqa: T201
    return 0


def _text(topic: str, folders: Sequence[Path]) -> str:
    """The help for one topic; in `folders`, the first has nst's configs."""
    groups, main = _groups(folders), remarks.main_knobs(folders[0])
    word = topic.strip("=./")
    group_name, key = word.replace(".", "/"), word.replace("/", ".")
    if chosen := [group for group in groups if f"{group.name}/".startswith(f"{group_name}/")]:
        return "\n\n".join("\n".join(_of_group(group)) for group in chosen)
    rows = [(knob.name, knob.default, knob.remark) for knob in main]
    rows += [row for group in groups for row in _rows(group)]
    found = [line for name, *row in rows if f"{name}.".startswith(f"{key}.") for line in _setting(name, *row)]
    if not found:
        raise InputError(_unknown(topic, [group.name for group in groups], [name for name, *_ in rows]))
    return "\n".join(found)


def _unknown(topic: str, groups: Sequence[str], settings: Sequence[str]) -> str:
    meant = [f"'{name}'" for name in other_words.setting(topic) if "=" not in name]
    near = f"; did you mean {' or '.join(meant)}?" if meant else suggestion(topic, [*groups, *settings])
    return f"--help {topic}: there is no such group or setting{near}"


def _groups(folders: Sequence[Path]) -> list[Group]:
    """All groups, with the choices of all folders; those of named configs have no settings."""
    found: dict[str, Group] = {}
    for folder in folders:
        defaults = remarks.main_choices(folders[0])
        for path in sorted({file.parent for file in folder.rglob("*/*.yaml")}):
            name = path.relative_to(folder).as_posix()
            group = remarks.group(name, path, defaults.get(name, ""))
            before = found.get(name, Group(name, (), group.default))
            found[name] = Group(name, (*before.choices, *group.choices, *_named(path)), group.default)
    return [group for group in found.values() if group.choices]


def _named(folder: Path) -> Iterator[Choice]:
    """The named configs of a folder."""
    for file in sorted(folder.glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        if text.startswith(remarks.GLOBAL):
            yield Choice(file.stem, remarks.summary(text), ())


def _of_group(group: Group) -> Iterator[str]:
    yield f"{group.name}=NAME, one of:"
    for choice in group.choices:
        yield from _entry(f"{choice.name}{' (default)' if choice.name == group.default else ''}", choice.about)
    if rows := _rows(group):
        yield from ("", "settings:")
        for row in rows:
            yield from _setting(*row)


def _rows(group: Group) -> list[tuple[str, str, str]]:
    """Name, defaults and remark of a group's settings."""
    names = [choice.name for choice in group.choices]
    return [(name, remarks.defaults(found, names, _value), remark) for name, remark, found in remarks.rows(group)]


def _value(default: str) -> str:
    return "required" if default == "???" else default


def _setting(name: str, default: str, remark: str) -> Iterator[str]:
    yield from _entry(f"{name}={default}", remark)


def _entry(name: str, about: str) -> Iterator[str]:
    """A line with a name, and its description, indented, below it."""
    width = min(console.width, LARGEST)
    for text, indent in ((name, INDENT // 2), (about, INDENT)):
        yield from textwrap.wrap(
            text, width, initial_indent=" " * indent, subsequent_indent=" " * indent, break_on_hyphens=False
        )
