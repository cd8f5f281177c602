"""`content.image=FOLDER` or a pattern: each picture becomes a run of a sweep, before Hydra reads the command."""

import re
from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Quote, QuotedString
from hydra.errors import HydraException

from nst.assets.picture_folder import has_pictures, names_several, pictures_in
from nst.cli.flags import AGAINST_MULTIRUN, flags_of
from nst.errors import InputError

KEY = "content.image"
PLAIN = re.compile(r"[\w./-]+", re.ASCII)  # values that need no quotes
MOST = 5000  # pictures of a folder
SHOWING = ("cfg", "info", "help", "hydra_help", "shell_completion")  # flags of commands that make no run


def each_a_run(arguments: Sequence[str]) -> tuple[list[str], str]:
    """Put the pictures of a folder or pattern that `content.image` names in its place, and make the command a sweep.

    Args:
        arguments: of the command, flags first.

    Returns:
        The new arguments, and the folder or pattern; the same arguments and "" if there is none.

    Raises:
        InputError: a folder has no pictures or too many, or the command is limited to one run or has a suite.
    """
    options = flags_of(arguments)
    last = max((k for k, text in enumerate(arguments) if _key(text) == KEY), default=None)
    if last is None or any(getattr(options, name, None) for name in SHOWING):
        return list(arguments), ""
    given = _values(arguments[last])
    several = [value for value in given if isinstance(value, str) and names_several(value)]
    if not several:
        return list(arguments), ""
    _check(several[0], options)
    pictures = [picture for value in given for picture in (_pictures(value) if value in several else [value])]
    override = f"{arguments[last].partition('=')[0]}={','.join(map(_quoted, pictures))}"
    before, after = [text for text in arguments[:last] if _key(text) != KEY], arguments[last + 1 :]
    return [*before, override, *after, "hydra.mode=MULTIRUN"], several[0]


def check_sweep(config: Any, image: str) -> None:
    """Check that the sweep over the pictures of `image`, "" for another sweep, is no search and has no suite.

    Raises:
        InputError: it is one, or has one.
    """
    if image and config.pairs:
        raise _with_suite(image, "the suite")
    if image and str(config.hydra.sweeper._target_).endswith(".OptunaSweeper"):
        raise InputError(
            f"{KEY}={image}: a search would choose the easiest of the pictures; a suite runs each trial on all of them"
        )


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+")


def _values(override: str) -> list[Any]:
    """The values of an override, one or several; if Hydra cannot read it, its text, or nothing without pictures."""
    try:
        (parsed,) = OverridesParser.create().parse_overrides([override])
    except HydraException:
        text = override.partition("=")[2]
        return [text] if names_several(text) and has_pictures(text) else []
    value: Any = parsed.value()
    if isinstance(value, ChoiceSweep) and value.simple_form:
        return [item.text if isinstance(item, QuotedString) else item for item in value.list]
    return [value]


def _pictures(image: str) -> list[str]:
    found = pictures_in(image)
    if len(found) > MOST:
        raise InputError(f"{KEY}: {image} has {len(found)} pictures; a sweep takes at most {MOST} of a folder")
    if named := next((path for path in found if "${" in path), None):
        raise InputError(f"{KEY}: {named}: a name with '${{' is read as a setting; rename the file")
    return found


def _check(image: str, options: Any) -> None:
    """Raise InputError if the command is limited to one run, or if its suite has the pictures."""
    single = next((text for text in options.overrides if text in AGAINST_MULTIRUN), "--run" if options.run else "")
    if single:
        raise InputError(f"{KEY}={image} makes a run of each picture, but {single} makes one run; leave it out")
    for text in options.overrides:
        if _key(text) == "suite" and text.partition("=")[2] not in ("none", "null"):
            raise _with_suite(image, text)


def _with_suite(image: str, suite: str) -> InputError:
    return InputError(f"the suite chooses the pictures; leave out {KEY}={image}, or {suite}")


def _quoted(value: Any) -> str:
    """A value in Hydra's grammar: a text in quotes if it needs them."""
    if value is None:
        return "null"
    if not isinstance(value, str) or PLAIN.fullmatch(value):
        return str(value)
    return QuotedString(value, Quote.single).with_quotes()
