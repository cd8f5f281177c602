"""Commands as text that can be pasted into a shell: a POSIX shell, or cmd and PowerShell on Windows."""

import re
import shlex
from collections.abc import Iterable

from nst.runtime import system

_PLAIN = re.compile(r"[\w.=/:\\+-]+")  # needs no quotes in cmd and PowerShell; a comma is one of PowerShell's operators


def name() -> str:
    """The shells that read the commands of `join`."""
    return "cmd or PowerShell" if system.WINDOWS else "a POSIX shell"


def quote(argument: str) -> str:
    """`argument` for the shell: as `shlex.quote`, or on Windows in double quotes, if it needs quotes.

    In double quotes cmd still replaces `%NAME%`, and PowerShell `$name`; no quotes prevent both.
    """
    if not system.WINDOWS:
        return shlex.quote(argument)
    if _PLAIN.fullmatch(argument):
        return argument
    escaped = re.sub(r'(\\*)"', r'\1\1\\"', argument)  # backslashes before a quote are doubled
    return '"' + re.sub(r"(\\+)\Z", r"\1\1", escaped) + '"'


def join(arguments: Iterable[str]) -> str:
    """A command line of quoted arguments."""
    return " ".join(map(quote, arguments))
