"""A parser of the commands' arguments with errors in one line."""

import argparse
import re
from typing import NoReturn

from nst.errors import printable, suggestion
from nst.redaction import redacted


class Parser(argparse.ArgumentParser):
    """A parser that prints an error as one line, without its usage; the exit status is 2."""

    def error(self, message: str) -> NoReturn:
        """Print `message` and exit; for an unknown option, with the nearest known one."""
        unknown = re.match(r"unrecognized arguments: (\S+)", message)
        if unknown:
            known = [name for action in self._actions for name in action.option_strings if name.startswith("--")]
            message = f"there is no option {unknown[1]}{suggestion(unknown[1], known)}"
        self.exit(2, f"nst: {redacted(printable(message))}\n")
