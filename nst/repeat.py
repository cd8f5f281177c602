"""python -m nst.repeat PICTURE_OR_RUN [override ...] : make a picture again from the recipe inside it, and compare."""

import sys
from collections.abc import Sequence
from pathlib import Path

from nst.arguments import Parser
from nst.cli import configs
from nst.cli.hydra_errors import guarded
from nst.cli.recipe import read
from nst.cli.repeat import repeat
from nst.runtime.home import expanded
from nst.runtime.process import open_streams


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return an exit status as `nst.run.main`."""
    open_streams()
    parser = Parser(prog="python -m nst.repeat", description=__doc__)
    parser.add_argument("source", type=Path, metavar="PICTURE_OR_RUN", help="a result.png, or a run folder")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="settings to change")
    options = parser.parse_args(arguments)
    configs.register()
    return guarded(lambda: repeat(read(expanded(options.source)), options.overrides))


if __name__ == "__main__":
    sys.exit(main())
