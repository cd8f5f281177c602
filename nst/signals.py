"""Ctrl-C and SIGTERM ask a run to end with its picture and its record; a second Ctrl-C ends it at once."""

from __future__ import annotations

import logging
import signal
import threading
from _thread import start_new_thread
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

log = logging.getLogger(__name__)


_heard = [signal.SIGINT, signal.SIGTERM]
_open: list[Interrupt] = []  # one within the other


@contextmanager
def hearing(number: int) -> Iterator[None]:
    """While inside, `number` is heard like SIGTERM."""
    _heard.append(signal.Signals(number))
    try:
        yield
    finally:
        _heard.pop()


class Interrupt:
    """The signal that came, if one did; call it to ask."""

    signal: int | None = None

    def __call__(self) -> bool:
        """Whether one came."""
        return self.signal is not None

    def resume(self) -> None:
        """Let the signal have its effect, now that everything is written: exit status 130 or 143."""
        if self.signal == signal.SIGINT:
            raise KeyboardInterrupt
        if self.signal is not None:
            raise SystemExit(128 + self.signal)


def _tell() -> None:
    """In a thread of its own: what the signal cut into may be a line of the log, or an import, not to be entered twice."""
    log.info("stopping after this step, with the picture so far; Ctrl-C again stops at once, without it")


@contextmanager
def deferred() -> Iterator[Interrupt]:
    """While inside, the first signal is noted instead of ending the process; so is one noted around it already."""
    interrupt = Interrupt()

    def note(number: int, _frame: FrameType | None) -> None:
        if interrupt():
            if number == signal.SIGINT:  # a person's; schedulers repeat SIGTERM
                raise KeyboardInterrupt
            return
        interrupt.signal = number
        start_new_thread(_tell, ())

    if threading.current_thread() is not threading.main_thread():  # only there can signals be caught
        yield interrupt
        return
    before = {number: signal.signal(number, note) for number in _heard}
    interrupt.signal = _open[-1].signal if _open else None
    _open.append(interrupt)
    try:
        yield interrupt
    finally:
        _open.remove(interrupt)
        for number, handler in before.items():
            signal.signal(number, handler)
