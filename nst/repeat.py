"""python -m nst.repeat PICTURE_OR_RUN [override ...] : make a picture again from the recipe inside it, and compare."""

import sys
from collections.abc import Sequence
from pathlib import Path

from nst.arguments import Parser
from nst.cli import config_files, configs
from nst.cli.hydra_errors import guarded
from nst.cli.recipe import read
from nst.cli.repeat import repeat
from nst.runtime.home import expanded
from nst.runtime.process import open_streams


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return an exit status as `nst.run.main`."""
    open_streams()
    parser = Parser(prog="python -m nst.repeat", description=__doc__)
    parser.add_argument("source", type=Path, metavar="PICTURE_OR_RUN", help="a picture that nst wrote, or a run folder")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="settings to change")
    parser.add_argument("--config-dir", type=Path, metavar="FOLDER", help="your own configs, whose classes are allowed")
    options = parser.parse_intermixed_args(arguments)
    configs.register()

    def command() -> int:
        files = config_files.of(options.config_dir)
        return repeat(read(expanded(options.source)), options.overrides, files)

    return guarded(command)


if __name__ == "__main__":
    sys.exit(main())
