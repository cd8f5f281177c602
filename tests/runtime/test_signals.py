"""Signals, noted and let through."""

import logging
import os
import signal
import threading

import pytest

from nst.runtime.signals import deferred


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_one_that_came_before_reaches_what_is_done_inside(number: signal.Signals, raised: type[BaseException]) -> None:
    with deferred() as outer:
        with deferred() as before:
            assert not before()
        os.kill(os.getpid(), number)
        assert outer()
        with deferred() as inner:
            assert inner()
        with pytest.raises(raised):
            inner.resume()
    with deferred() as after:
        assert not after()


def test_a_second_interrupt_ends_at_once_wherever_the_first_was_noted() -> None:
    with deferred():
        os.kill(os.getpid(), signal.SIGINT)
        with deferred(), pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_one_that_cuts_into_the_log_does_not_enter_it_again(caplog: pytest.LogCaptureFixture) -> None:
    log, inside, told = logging.getLogger("nst.runtime.signals"), [], threading.Event()

    class Busy(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            assert not inside
            inside.append(record)
            if record.msg == "long":
                os.kill(os.getpid(), signal.SIGINT)
            else:
                told.set()
            inside.pop()

    busy = Busy()
    log.addHandler(busy)
    caplog.set_level(logging.INFO, log.name)
    try:
        with deferred() as interrupt:
            log.info("long")
            assert interrupt()
            assert told.wait(10)
    finally:
        log.removeHandler(busy)
