"""Discard the messages of libraries that read files: C libraries write them to stderr, past Python."""

import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

LOGGERS = ("PIL",)

_lock = threading.Lock()
_inside = 0  # threads inside `quiet`
_undo = ExitStack()


@contextmanager
def quiet() -> Iterator[None]:
    """Discard warnings, log lines of `LOGGERS`, and everything written to the process's stderr, while inside.

    All of these belong to the process: they are discarded until the last thread leaves.
    """
    global _inside, _undo
    with _lock:
        if not _inside:
            _undo = _discarded()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _undo.close()


def _discarded() -> ExitStack:
    """Discard all messages until the stack is closed."""
    undo = ExitStack()
    undo.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    for logger in map(logging.getLogger, LOGGERS):
        undo.callback(logger.setLevel, logger.level)
        logger.setLevel(logging.CRITICAL + 1)
    with suppress(OSError, ValueError, AttributeError):  # closed or missing
        sys.stderr.flush()
    with suppress(OSError):  # stderr is closed, or there is no null device
        null = os.open(os.devnull, os.O_WRONLY)
        undo.callback(os.close, null)
        kept = os.dup(2)
        undo.callback(os.close, kept)
        undo.callback(os.dup2, kept, 2)
        os.dup2(null, 2)
    return undo
