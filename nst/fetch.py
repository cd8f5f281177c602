"""python -m nst.fetch [NAME ...] : fill the caches, so that runs need no network; list their files, and check them."""

import sys
from collections.abc import Sequence

from nst.arguments import Parser
from nst.cli.fetch import check, default, fetch, sources
from nst.cli.hydra_errors import guarded
from nst.errors import check_name
from nst.runtime import logs
from nst.runtime.process import open_streams


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0 all are in the caches, 1 some are not, 2 a name is unknown."""
    open_streams()
    parser = Parser(prog="python -m nst.fetch", description=__doc__)
    known, usual = sources(), default()
    text = f"default: {', '.join(usual)}; all: {', '.join(known)}"
    parser.add_argument("names", nargs="*", metavar="NAME", help=text)
    parser.add_argument("--check", action="store_true", help="download nothing; check the cached files by checksum")
    options = parser.parse_args(arguments)
    logs.to_console()

    def command() -> int:
        names = [check_name("name", name, known) for name in options.names] or usual
        return check(names) if options.check else fetch(names)

    return guarded(command)


if __name__ == "__main__":
    sys.exit(main())
