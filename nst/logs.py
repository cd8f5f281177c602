"""What a person reads while a run goes: one console for bars and lines, and the same lines in run.log."""

from __future__ import annotations

import logging
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
        prefix = "warning: " if record.levelno >= logging.WARNING else ""
        console.print(prefix + record.getMessage(), soft_wrap=True, markup=False, highlight=False)


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
