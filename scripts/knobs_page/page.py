"""The page's text."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from knobs_page import reading
from knobs_page.reading import Choice, Group, Knob
from knobs_page.sweeps import NamedConfig, Sweep, named_configs, sweeps

HEAD = """\
# The knobs

Every knob of nst by the name that an override gives it (`python -m nst.run loss.style.weight=20`), with its default
and what it does; and what some of them do to a picture. All of it is read out of `conf/`, where the remark behind each
line says the same.

A strip shows a sweep over one knob with all others at their defaults, on VGG19, at {size} pixels. At its left
are the pictures that it was made of: the cat comes with scikit-image, the paintings are by nst's own painter. The
command over a strip runs the same sweep at the default size; any knob goes behind it, like `content=cat`.

`python scripts/knobs.py` makes this page anew.
"""
NAMED_CONFIGS = "Experiments and sweeps"
KNOBS = ("knob", "default", "what it does")


class Writer:
    """The page of a folder of configs, with the strips that are there."""

    def __init__(self, conf: Path, strips: Path, size: int) -> None:
        self.strips, self.size = strips, size
        self.main = reading.main_knobs(conf)
        self.groups = reading.groups(conf)
        self.names = [group.name for group in self.groups]
        self.named_configs = named_configs(conf)
        self.sweeps = sweeps(self.named_configs)

    def text(self) -> str:
        """All of it."""
        contents = " · ".join(f"[{title}](#{anchor(title)})" for title in ["The run", *self.names, NAMED_CONFIGS])
        blocks = [HEAD.format(size=self.size), contents, "## The run", table(self.main)]
        blocks += self._pictured("")
        for group in self.groups:
            blocks += [f"## {group.name}", listed(group), *grouped(group), *self._pictured(group.name)]
        blocks += [f"## {NAMED_CONFIGS}", offered(self.named_configs), *self._pictured("experiment")]
        return "\n\n".join(block.strip("\n") for block in blocks) + "\n"

    def _pictured(self, section: str) -> Iterator[str]:
        """The strips of a section."""
        for sweep in self.sweeps:
            file = self.strips / f"{sweep.named.name}.jpg"
            if sweep.section(self.names) == section and file.is_file():
                yield pictured(sweep, f"{self.strips.name}/{file.name}", sweep.labels(self.names))


def anchor(title: str) -> str:
    """What a heading is linked by: GitHub's rule."""
    return "".join(sign for sign in title.lower().replace(" ", "-") if sign.isalnum() or sign in "-_")


def pictured(sweep: Sweep, link: str, labels: Sequence[str]) -> str:
    """A strip, what it shows, and the command behind it."""
    shown = f"{sweep.knob}: {'; '.join(labels)}"
    return f"**`{sweep.knob}`** {sweep.named.about} `python -m nst.run {sweep.named.override}`\n\n![{shown}]({link})"


def listed(group: Group) -> str:
    """The choices of a group; the first is the default, if there is one."""
    lines = [_described(group, choice) for choice in group.choices]
    return "\n".join(lines)


def _described(group: Group, choice: Choice) -> str:
    default = " (default)" if choice.name == group.default else ""
    return f"- `{group.name}={choice.name}`{default}: {choice.about}"


def grouped(group: Group) -> Iterator[str]:
    """The table of a group's knobs; what several choices have alike is one line."""
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for choice in group.choices:
        for knob in choice.knobs:
            lines.setdefault((knob.name, knob.remark), {})[choice.name] = knob.default
    choices = [choice.name for choice in group.choices]
    ordered = sorted(lines.items(), key=_first(lines))
    rows = [(f"`{name}`", defaults(found, choices), cell(remark)) for (name, remark), found in ordered]
    if rows:
        yield rendered(KNOBS, rows)


def _first(lines: dict[tuple[str, str], dict[str, str]]) -> Callable[[tuple[tuple[str, str], object]], int]:
    """Order: a knob's lines together, where its first one stands."""
    order: dict[str, int] = {}
    for name, _ in lines:
        order.setdefault(name, len(order))
    return lambda line: order[line[0][0]]


def defaults(found: dict[str, str], choices: Sequence[str]) -> str:
    """What the choices that have a knob set it to: each value once, with its choices where it is not that of all."""
    if len(found) > 1 and all(value == choice for choice, value in found.items()):
        return "the choice's name"
    by_value: dict[str, list[str]] = {}
    for choice, value in found.items():
        by_value.setdefault(value, []).append(choice)
    return "; ".join(code(value) + among(having, choices) for value, having in by_value.items())


def among(having: Sequence[str], choices: Sequence[str]) -> str:
    """Which of the choices; nothing where it is all of them."""
    others = [choice for choice in choices if choice not in having]
    if not others:
        return ""
    return f" (all but {', '.join(others)})" if 2 * len(others) < len(having) else f" ({', '.join(having)})"


def table(knobs: Sequence[Knob]) -> str:
    """Knobs, a line each."""
    rows = [(f"`{knob.name}`", code(knob.default), cell(knob.remark)) for knob in knobs]
    return rendered(KNOBS, rows)


def offered(found: Sequence[NamedConfig]) -> str:
    """The files that are commands of their own."""
    rows = [(f"`python -m nst.run {one.override}`", cell(one.about)) for one in found]
    return rendered(("command", "what it does"), rows)


def rendered(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def code(value: str) -> str:
    """A default; what has none must be given."""
    return "must be given" if value == "???" else f"`{cell(value)}`"


def cell(text: str) -> str:
    """Text that a table's cell can hold."""
    return text.replace("|", "\\|").replace("<", "&lt;")
