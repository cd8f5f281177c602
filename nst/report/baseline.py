"""The baseline of a comparison: find the setting that a text names."""

import difflib
import re
from collections.abc import Sequence
from itertools import islice

from nst import bounded, settings
from nst.errors import InputError
from nst.report.groups import Setting, grouped, part
from nst.report.runs import Run

BETWEEN = re.compile(r"[,\s]\s*(?=[+~]*[\w./@]+=)")
"""Between two overrides."""
LETTERS = 70
"""Of a setting's name in a message, at most."""
LISTED = 8
"""Names of settings in a message, at most."""


def choose(found: Sequence[Setting], asked: str | None, runs: Sequence[Run]) -> tuple[Setting, list[str]]:
    """The baseline: the setting `asked`, else the one that the runs recorded, else the first of the command.

    Returns:
        The setting, and one line if the recorded one, or else the first, has no finished run.

    Raises:
        InputError: `asked` names no setting, or several.
    """
    if asked is not None:
        return named(found, asked), []
    problems = []
    for text in islice(dict.fromkeys(run.baseline for run in runs if run.baseline), LISTED):
        try:
            return named(found, text), []
        except InputError as error:
            problems.append(f"{error}; the comparison is with '{cut(found[0].name)}'")
    return found[0], problems[:1] or _first(found[0], runs)


def _first(first: Setting, runs: Sequence[Run]) -> list[str]:
    """One line if `first` is not the first of all settings, because that one has no finished run."""
    planned = grouped(runs, unfinished=True)[0]
    if planned.knobs == first.knobs:
        return []
    return [f"baseline: '{planned.name}' has no finished run; the comparison is with '{first.name}'"]


def named(found: Sequence[Setting], text: str) -> Setting:
    """The setting with the name `text`, or the only one with all of its overrides, like `loss.style.weight=8`.

    Raises:
        InputError: it names no setting, or several.
    """
    for setting in found:
        if setting.name == text.strip():
            return setting
    wanted = [override.partition("=")[::2] for override in BETWEEN.split(text.strip()) if "=" in override]
    parts = {part(knob.lstrip("+~"), _value(value)) for knob, value in wanted}
    exact = [setting for setting in found if parts == set(setting.name.split(", "))]
    fitting = exact or [setting for setting in found if parts and parts <= _parts(setting)]
    if len(fitting) == 1:
        return fitting[0]
    names = [setting.name for setting in fitting or found]
    wrong = "has several settings" if fitting else "is no setting of these runs"
    raise InputError(f"baseline: '{cut(text)}' {wrong}{_choice(text, names)}")


def _parts(setting: Setting) -> set[str]:
    return {part(knob, value) for knob, value in setting.knobs.items()}


def _value(text: str) -> object:
    """The value of an override, as a config would have it."""
    try:
        value = bounded.from_yaml(text, "a value")
    except bounded.DataError:
        return text
    return next(iter(settings.flatten({"value": value}).values()), text)


def _choice(text: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(text, names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{cut(near[0])}'?"
    return f"; choose from {listed([repr(cut(name)) for name in names])}"


def cut(name: str) -> str:
    """A name for a message, with at most `LETTERS` letters."""
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"


def listed(names: Sequence[str]) -> str:
    """At most `LISTED` names, and how many more there are."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"{', '.join(names[:LISTED])}{more}"
