"""A parser of the commands' arguments with errors in one line, and the version that they print."""

import argparse
import re
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NoReturn

from nst.errors import printable, suggestion
from nst.redaction import redacted


class Parser(argparse.ArgumentParser):
    """A parser that prints an error as one line, without its usage; the exit status is 2. It knows `--version`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.add_argument("--version", action="version", version=f"nst {own_version()}", help="print nst's version")

    def error(self, message: str) -> NoReturn:
        """Print `message` and exit; for an unknown option, with the nearest known one."""
        unknown = re.match(r"unrecognized arguments: (\S+)", message)
        if unknown:
            known = [name for action in self._actions for name in action.option_strings if name.startswith("--")]
            message = f"there is no option {unknown[1]}{suggestion(unknown[1], known)}"
        message = message.removesuffix(", key=value")  # argparse counts optional overrides as required
        self.exit(2, f"nst: {redacted(printable(message))}\n")


def own_version() -> str:
    """The version of nst, or that it is not installed."""
    try:
        return version("nst")
    except PackageNotFoundError:
        return "from a checkout without installation"
