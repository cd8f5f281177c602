"""Ctrl-C and SIGTERM ask a run to end with its picture and its record; a second Ctrl-C ends it at once."""

from __future__ import annotations

import logging
import signal
import threading
from _thread import start_new_thread
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType

log = logging.getLogger(__name__)


class Interrupt:
    """The signal that was received, here or in the context around this one, if any; call it to ask."""

    def __init__(self, around: Interrupt | None) -> None:
        self.received: int | None = None
        self._around = around

    @property
    def signal(self) -> int | None:
        """Its number."""
        return self.received or (self._around.signal if self._around else None)

    def __call__(self) -> bool:
        """Whether one was received."""
        return self.signal is not None

    def resume(self) -> None:
        """Let the signal have its effect, now that everything is written: exit status 130 or 143."""
        if self.signal == signal.SIGINT:
            raise KeyboardInterrupt
        if self.signal is not None:
            raise SystemExit(128 + self.signal)


_innermost: ContextVar[Interrupt | None] = ContextVar("interrupt", default=None)


def _notify() -> None:
    """Log it, in a thread of its own: the signal may have interrupted a log call or an import, which cannot nest."""
    log.info("stopping after this step, with the picture so far; Ctrl-C again stops at once, without it")


@contextmanager
def deferred(*also: int) -> Iterator[Interrupt]:
    """While inside, the first SIGINT or SIGTERM, or signal of `also`, is recorded instead of ending the process."""
    interrupt = Interrupt(_innermost.get())

    def note(number: int, _frame: FrameType | None) -> None:
        if interrupt():
            if number == signal.SIGINT:  # a person's; schedulers repeat SIGTERM
                raise KeyboardInterrupt
            return
        interrupt.received = number
        start_new_thread(_notify, ())

    if threading.current_thread() is not threading.main_thread():  # only there can signals be caught
        yield interrupt
        return
    before = {number: signal.signal(number, note) for number in {signal.SIGINT, signal.SIGTERM, *also}}
    token = _innermost.set(interrupt)
    try:
        yield interrupt
    finally:
        _innermost.reset(token)
        for number, handler in before.items():
            signal.signal(number, handler)
