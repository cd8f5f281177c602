"""The text of docs/knobs.md."""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from knobs_page.sweeps import NamedConfig, Sweep, named_configs, sweeps
from nst.cli import remarks
from nst.cli.remarks import Choice, Group, Knob

HEAD = """\
# Settings

All settings of nst, with default and meaning, and the effect of some on a picture. The name of a setting is its name in
an override: `python -m nst.run loss.style.weight=20`. The tables are generated from `conf/`, where each line has the
same remark.

A strip shows a sweep over one setting with VGG19 at {size} pixels; all other settings have their defaults. The content
and style pictures are on its left. The cat comes with scikit-image, the paintings with nst. The command above a strip
runs the same sweep at the default size. Add any setting to it, such as `content=cat`.

`python scripts/knobs.py` writes this page.
"""
NAMED_CONFIGS = "Experiments and sweeps"
WIDTH = 120
KNOBS = ("setting", "default", "meaning")


class Writer:
    """Writes the page of a folder of configs, with the existing strips."""

    def __init__(self, conf: Path, strips: Path, size: int) -> None:
        self.strips, self.size = strips, size
        self.main = remarks.main_knobs(conf)
        self.groups = remarks.groups(conf)
        self.names = [group.name for group in self.groups]
        self.named_configs = named_configs(conf)
        self.sweeps = sweeps(self.named_configs)

    def text(self) -> str:
        """The whole page."""
        contents = " · ".join(f"[{title}](#{anchor(title)})" for title in ["The run", *self.names, NAMED_CONFIGS])
        blocks = [HEAD.format(size=self.size), contents, "## The run", table(self.main)]
        blocks += self._pictured("")
        for group in self.groups:
            blocks += [f"## {group.name}", listed(group), *grouped(group), *self._pictured(group.name)]
        blocks += [f"## {NAMED_CONFIGS}", offered(self.named_configs), *self._pictured("experiment")]
        return "\n\n".join(wrapped(block.strip("\n")) for block in blocks) + "\n"

    def _pictured(self, section: str) -> Iterator[str]:
        """The strips of a section."""
        for sweep in self.sweeps:
            file = self.strips / f"{sweep.named.name}.jpg"
            if sweep.section(self.names) == section and file.is_file():
                yield pictured(sweep, f"{self.strips.name}/{file.name}", sweep.labels(self.names))


def wrapped(block: str) -> str:
    """Wrap the lines of a block to `WIDTH`; rows of tables and pictures stay as they are."""
    lines = (line if line.startswith(("|", "!")) else wrap(line) for line in block.splitlines())
    return "\n".join(lines)


def wrap(line: str) -> str:
    """Wrap one line of Markdown; the lines of a list item are indented."""
    indent = "  " if line.startswith("- ") else ""
    return textwrap.fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def anchor(title: str) -> str:
    """The anchor of a heading, by GitHub's rule."""
    return "".join(sign for sign in title.lower().replace(" ", "-") if sign.isalnum() or sign in "-_")


def pictured(sweep: Sweep, link: str, labels: Sequence[str]) -> str:
    """A strip, its description, and its command."""
    shown = f"{sweep.knob}: {'; '.join(labels)}"
    return f"**`{sweep.knob}`** {sweep.named.about} `python -m nst.run {sweep.named.override}`\n\n![{shown}]({link})"


def listed(group: Group) -> str:
    """The list of a group's choices; the default comes first, if there is one."""
    lines = [_described(group, choice) for choice in group.choices]
    return "\n".join(lines)


def _described(group: Group, choice: Choice) -> str:
    default = " (default)" if choice.name == group.default else ""
    return f"- `{group.name}={choice.name}`{default}: {choice.about}"


def grouped(group: Group) -> Iterator[str]:
    """The table of a group's settings. Several choices share a row if name and remark are the same."""
    choices = [choice.name for choice in group.choices]
    rows = [
        (f"`{name}`", remarks.defaults(found, choices, code), cell(remark))
        for name, remark, found in remarks.rows(group)
    ]
    if rows:
        yield rendered(KNOBS, rows)


def table(knobs: Sequence[Knob]) -> str:
    """A table of settings, one per row."""
    rows = [(f"`{knob.name}`", code(knob.default), cell(knob.remark)) for knob in knobs]
    return rendered(KNOBS, rows)


def offered(found: Sequence[NamedConfig]) -> str:
    """The table of named configs: command and description."""
    rows = [(f"`python -m nst.run {one.override}`", cell(one.about)) for one in found]
    return rendered(("command", "description"), rows)


def rendered(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def code(value: str) -> str:
    """A default as code; `required` for a setting without one."""
    return "required" if value == "???" else f"`{cell(value)}`"


def cell(text: str) -> str:
    """Text, escaped for a cell of a table."""
    return text.replace("|", "\\|").replace("<", "&lt;")
