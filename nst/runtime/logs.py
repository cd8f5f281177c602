"""Logging of a run: one console for progress bars and log lines, and the same lines in run.log."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

console = Console()  # stdout; stderr is only for the error line at the end
FILE_ONLY = {"file_only": True}  # `extra` of a line that is not logged to the terminal


class _ToConsole(logging.Handler):
    """Print log lines above a progress bar, without wrapping."""

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "file_only", False):
            return
        text = ("warning: " if record.levelno >= logging.WARNING else "") + record.getMessage()
        try:
            self._print(text)
        except UnicodeEncodeError:  # a name with characters outside the terminal's encoding
            self._print(text.encode("ascii", "backslashreplace").decode())
        except (OSError, ValueError, SystemExit):  # the reader closed the pipe; rich raises SystemExit
            logging.getLogger("nst").removeHandler(self)

    @staticmethod
    def _print(text: str) -> None:
        console.print(text, soft_wrap=True, markup=False, highlight=False)


def silence() -> None:
    """Write nothing to the terminal from this process; run.log still gets every line."""
    console.quiet = True


def to_console() -> None:
    """Show nst's log on the terminal; repeated calls have no effect."""
    logger = logging.getLogger("nst")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    if not any(isinstance(handler, _ToConsole) for handler in logger.handlers):
        logger.addHandler(_ToConsole())


@contextmanager
def to_file(path: Path) -> Iterator[None]:
    """Also append nst's log, including tracebacks, to the file `path`."""
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
    """Format a duration: '40 s', '3 min', '2 h 5 min'."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def quieted() -> Iterator[None]:
    """Suppress output to the process's stderr, for example while a library loads; print it if an exception occurs."""
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
