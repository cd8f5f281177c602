"""The parts of a process that a command needs but may have started without: standard streams, a current folder."""

import atexit
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nst.errors import InputError

STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_streams() -> None:
    """Open closed standard streams on the null device, and print characters outside their encoding as escapes.

    Without this, the next file that is opened would take the number of a closed stream, and get its output.
    """
    for number, (name, mode) in enumerate(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115  for the whole process
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # replaced by a program that calls the command
            stream.reconfigure(errors="backslashreplace")
    atexit.register(_flush)


def _flush() -> None:
    """Write the rest of the output; if the reader has gone, discard it, so that the exit status remains."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        _discard_output()


def _discard_output() -> None:
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def closed_output_ignored() -> Iterator[None]:
    """End quietly if the reader of stdout closes it, as `head` does; log lines for it are lost."""
    raises = logging.raiseExceptions
    logging.raiseExceptions = False  # else Hydra's log prints a traceback for every line
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()  # the interpreter flushes stdout at its end
    finally:
        logging.raiseExceptions = raises


def check_current_folder() -> None:
    """Raise an InputError if the current folder has been deleted."""
    try:
        os.getcwd()  # noqa: PTH109
    except OSError as error:
        raise InputError(
            f"the current folder cannot be used ({error.strerror}): it was deleted or moved; cd to another"
        ) from error


def displayed(path: Path) -> str:
    """`path`, relative to the current folder if it is inside."""
    try:
        return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
    except OSError:  # the current folder has been deleted
        return str(path)
