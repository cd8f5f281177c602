"""What a person reads while a run goes: one console for bars and lines, and the same lines in run.log."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

console = Console()  # stdout; stderr is for the one line that says what went wrong
FILE_ONLY = {"file_only": True}  # `extra` of a line that the terminal gets in another way


class _ToConsole(logging.Handler):
    """Lines above a bar, unwrapped where there is none."""

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "file_only", False):
            return
        text = ("warning: " if record.levelno >= logging.WARNING else "") + record.getMessage()
        try:
            self._print(text)
        except UnicodeEncodeError:  # a name that the terminal's encoding lacks
            self._print(text.encode("ascii", "backslashreplace").decode())
        except (OSError, ValueError, SystemExit):  # nobody reads any more; rich would end the process for it
            logging.getLogger("nst").removeHandler(self)

    @staticmethod
    def _print(text: str) -> None:
        console.print(text, soft_wrap=True, markup=False, highlight=False)


def silence() -> None:
    """Nothing on the terminal from this process: its files say it, and others write there."""
    console.quiet = True


def to_console() -> None:
    """Show nst's log on the terminal; once per process, however often it is called."""
    logger = logging.getLogger("nst")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    if not any(isinstance(handler, _ToConsole) for handler in logger.handlers):
        logger.addHandler(_ToConsole())


@contextmanager
def to_file(path: Path) -> Iterator[None]:
    """Write nst's log, tracebacks included, to the end of `path` as well."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("nst")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()


def duration(seconds: float) -> str:
    """'40 s', '3 min', '2 h 5 min'."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def quieted() -> Iterator[None]:
    """Hold back what libraries write to the process's stderr while they load; it is shown if loading fails."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
