"""python -m nst.resume FOLDER [key=value ...] : continue a run that was stopped, or the unfinished runs of a sweep."""

import sys
from collections.abc import Sequence
from pathlib import Path

from nst import run
from nst.arguments import Parser
from nst.cli import config_files, configs
from nst.cli.hydra_errors import guarded
from nst.cli.resume import resume
from nst.runtime.home import expanded
from nst.runtime.process import open_streams


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return an exit status as `nst.run.main`."""
    open_streams()
    parser = Parser(prog="python -m nst.resume", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder of a run or a sweep")
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="settings that do not change the picture, like threads"
    )
    parser.add_argument("--config-dir", type=Path, metavar="FOLDER", help="your own configs, if the run used them")
    options = parser.parse_intermixed_args(arguments)
    configs.register()

    def command() -> int:
        files = config_files.of(options.config_dir)
        return resume(expanded(options.folder), options.overrides, files, _sweep)

    return guarded(command)


def _sweep(arguments: list[str]) -> int:
    sys.argv[1:] = arguments
    return run.main()


if __name__ == "__main__":
    sys.exit(main())
