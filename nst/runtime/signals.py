"""Deferred signals: Ctrl-C or SIGTERM ends a run after its current step; a second Ctrl-C ends it at once."""

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
    """The signal received in this `deferred` context or an outer one; call it to test for a signal."""

    def __init__(self, around: Interrupt | None) -> None:
        self.received: int | None = None
        self._around = around

    @property
    def signal(self) -> int | None:
        """The number of the signal; None if none was received."""
        return self.received or (self._around.signal if self._around else None)

    def __call__(self) -> bool:
        """Whether a signal was received."""
        return self.signal is not None

    def resume(self) -> None:
        """Raise the deferred exception, if any: KeyboardInterrupt, or SystemExit with status 128 + signal."""
        if self.signal == signal.SIGINT:
            raise KeyboardInterrupt
        if self.signal is not None:
            raise SystemExit(128 + self.signal)


_innermost: ContextVar[Interrupt | None] = ContextVar("interrupt", default=None)


def _notify() -> None:
    """Log the signal. This needs its own thread: the handler may interrupt a log call or an import."""
    log.info("stopping after this step and saving the picture so far; Ctrl-C again stops at once without saving")


@contextmanager
def deferred(*also: int) -> Iterator[Interrupt]:
    """Record the first SIGINT, SIGTERM or signal of `also` received inside, instead of ending the process.

    A later SIGINT raises KeyboardInterrupt. Outside the main thread no signal can be caught.
    """
    interrupt = Interrupt(_innermost.get())

    def note(number: int, _frame: FrameType | None) -> None:
        if interrupt():
            if number == signal.SIGINT:  # from a person; schedulers repeat SIGTERM
                raise KeyboardInterrupt
            return
        interrupt.received = number
        start_new_thread(_notify, ())

    if threading.current_thread() is not threading.main_thread():  # signals need the main thread
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
