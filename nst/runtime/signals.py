"""Deferred signals: Ctrl-C or SIGTERM ends a run after its current step; a second Ctrl-C ends it at once.

During set-up, when there is no picture to save, a second signal of any kind ends it at once. On Windows, where no other
process can send SIGTERM, Ctrl-Break (SIGBREAK) counts as SIGTERM.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from _thread import start_new_thread
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType

from nst.runtime import system

log = logging.getLogger(__name__)

_BREAK = getattr(signal, "SIGBREAK", signal.SIGTERM)
_ENDING = {signal.SIGTERM, _BREAK}


class Interrupt:
    """The signal received in this `deferred` context or an outer one; call it to test for a signal.

    Attributes:
        setting_up: true while there is nothing to save; a second signal then raises its exception at once.
        saved: true once everything is saved; a first signal then raises its exception at once.
    """

    def __init__(self, around: Interrupt | None) -> None:
        self.received: int | None = None
        self.setting_up = self.saved = False
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

    def again(self, number: int) -> None:
        """Raise the exception of the signal `number`, if it ends the process at once although signals are deferred."""
        if number == signal.SIGINT:  # from a person; schedulers repeat SIGTERM
            raise KeyboardInterrupt
        if self.setting_up or self.saved:
            raise SystemExit(128 + number)


_innermost: ContextVar[Interrupt | None] = ContextVar("interrupt", default=None)


def _notify(setting_up: bool) -> None:
    """Log the signal. This needs its own thread: the handler may interrupt a log call or an import."""
    if setting_up:
        log.info("stopping after the first step; a second signal stops at once")
    else:
        log.info("stopping after this step and saving the picture so far; Ctrl-C again stops at once without saving")


@contextmanager
def deferred(*also: int) -> Iterator[Interrupt]:
    """Record the first SIGINT, SIGTERM or signal of `also` received inside, instead of ending the process.

    A later SIGINT raises KeyboardInterrupt; during set-up, a later signal of any kind raises. Once `saved` is set, the
    first signal raises. Outside the main thread no signal can be caught.
    """
    interrupt = Interrupt(_innermost.get())

    def note(number: int, _frame: FrameType | None) -> None:
        number = signal.SIGTERM if number == _BREAK else number
        if interrupt() or interrupt.saved:
            interrupt.again(number)
            return
        interrupt.received = number
        start_new_thread(_notify, (interrupt.setting_up,))

    if threading.current_thread() is not threading.main_thread():  # signals need the main thread
        yield interrupt
        return
    before = {number: signal.signal(number, note) for number in {signal.SIGINT, *_ENDING, *also}}
    token = _innermost.set(interrupt)
    try:
        yield interrupt
    finally:
        _innermost.reset(token)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def raising() -> Iterator[None]:
    """Raise SystemExit for SIGTERM inside, as Python raises KeyboardInterrupt for SIGINT; `deferred` replaces it."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, end) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def send_to_self(number: int) -> None:
    """Send this process a signal from any thread; the main thread handles it."""
    if system.WINDOWS:
        signal.raise_signal(number)  # `os.kill` would end the process at once
    else:
        os.kill(os.getpid(), number)  # interrupts what the main thread waits for
