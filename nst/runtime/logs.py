"""Logging of a run: one console for progress bars and log lines, and the same lines in run.log."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from rich.console import Console

from nst.errors import printable
from nst.redaction import redacted
from nst.runtime import own_files, temporary

console = Console()  # stdout; stderr is only for the error line at the end
FILE_ONLY = {"file_only": True}  # `extra` of a line that is not logged to the terminal


class Redacting(logging.Formatter):
    """Formats log lines and tracebacks without the secrets of addresses; conf/config.yaml gives it to Hydra's log."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of `record`."""
        return redacted(super().format(record))


class _ToConsole(logging.Handler):
    """Print log lines above a progress bar, without wrapping."""

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "file_only", False):
            return
        text = ("warning: " if record.levelno >= logging.WARNING else "") + redacted(printable(record.getMessage()))
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


class _ToFile(logging.StreamHandler[TextIO]):
    """Append log lines to a file. A full disk loses lines, but prints nothing."""

    def __init__(self, path: Path) -> None:
        number = own_files.for_writing(path, os.O_WRONLY | os.O_APPEND)
        super().__init__(os.fdopen(number, "a", encoding="utf-8", errors="backslashreplace"))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        """Ignore the error."""

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):
            self.stream.close()
        super().close()


@contextmanager
def to_file(path: Path) -> Iterator[None]:
    """Also append nst's log, including tracebacks, to the file `path`; what is no regular file there is set aside."""
    handler = _ToFile(path)
    handler.setFormatter(Redacting("%(asctime)s %(levelname)s %(message)s"))
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
    """Suppress output to the process's stderr, for example while a library loads; print it if an exception occurs.

    Raises:
        InputError: no folder for temporary files can be written.
    """
    with suppress(AttributeError, OSError, ValueError):  # stderr is closed
        sys.stderr.flush()
    try:
        stderr = os.dup(2)
    except OSError:  # closed: there is nothing to suppress
        yield
        return
    with temporary.file() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            with suppress(OSError):
                os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
