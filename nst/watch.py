"""python -m nst.watch FOLDER: a page in the browser that shows the runs in the folder while they run."""

import sys
import threading
import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from nst.arguments import Parser
from nst.dashboard.server import PORT, Server, started
from nst.dashboard.watcher import Watcher
from nst.errors import InputError, printable
from nst.redaction import redacted
from nst.runtime.home import expanded
from nst.runtime.process import check_current_folder, closed_output_ignored, open_streams

EVERY = 1.0  # seconds between two looks at the folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Show the page until Ctrl-C; return the exit status, 130 for Ctrl-C, 2 if the folder or the port is not usable."""
    open_streams()
    parser = Parser(prog="python -m nst.watch", description=__doc__)
    parser.add_argument(
        "folder",
        nargs="?",
        type=expanded,
        default=Path("outputs"),
        metavar="FOLDER",
        help="folder of a run or a sweep, or one that contains them at any depth (default: outputs)",
    )
    parser.add_argument("--port", type=int, help=f"port on 127.0.0.1 (default: {PORT}, or a free one; 0: any free one)")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    options = parser.parse_args(arguments)
    try:
        check_current_folder()
        watcher = Watcher(options.folder)
        with started(watcher, options.port) as server:
            _announce(options.folder, server, open_page=options.open)
            while True:
                watcher.poll()
                time.sleep(EVERY)
    except KeyboardInterrupt:
        return 130
    except (InputError, OSError) as error:
        print(f"nst: {redacted(printable(str(error)))}", file=sys.stderr)  # noqa: T201
        return 2


def _announce(folder: Path, server: Server, *, open_page: bool) -> None:
    with closed_output_ignored():
        print(f"{printable(str(folder))} is shown at {server.address} until Ctrl-C")  # noqa: T201
    if open_page:  # in a thread, because a browser in the terminal runs until it is closed
        threading.Thread(target=webbrowser.open, args=(server.address,), daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
