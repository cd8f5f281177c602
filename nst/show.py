"""python -m nst.show PICTURE_OR_RUN : print the recipe, the record and the origin of a picture or a run."""

import sys
from collections.abc import Sequence
from pathlib import Path

from nst.arguments import Parser
from nst.cli import config_files, configs
from nst.cli.hydra_errors import guarded
from nst.cli.show import show
from nst.runtime.home import expanded
from nst.runtime.process import open_streams


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0 shown, 2 it is no picture of nst and no run."""
    open_streams()
    parser = Parser(prog="python -m nst.show", description=__doc__)
    parser.add_argument(
        "source", type=Path, metavar="PICTURE_OR_RUN", help="a picture that nst wrote, a run folder, or a sweep folder"
    )
    parser.add_argument("--full", action="store_true", help="print all settings, as YAML")
    parser.add_argument("--json", action="store_true", help="print everything as one JSON object")
    parser.add_argument("--config-dir", type=Path, metavar="FOLDER", help="your own configs, for the command")
    options = parser.parse_args(arguments)
    configs.register()

    def command() -> int:
        files = config_files.of(options.config_dir)
        return show(expanded(options.source), files, full=options.full, as_json=options.json)

    return guarded(command)


if __name__ == "__main__":
    sys.exit(main())
