"""Deferred signals: recorded, then raised."""

import logging
import os
import signal
import threading

import pytest

from nst.runtime.signals import deferred


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_an_earlier_signal_reaches_an_inner_context(number: signal.Signals, raised: type[BaseException]) -> None:
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


def test_a_second_interrupt_is_raised_at_once_also_in_an_inner_context() -> None:
    with deferred():
        os.kill(os.getpid(), signal.SIGINT)
        with deferred(), pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_signal_during_logging_does_not_reenter_the_handler(caplog: pytest.LogCaptureFixture) -> None:
    log, inside, logged = logging.getLogger("nst.runtime.signals"), [], threading.Event()

    class Busy(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            assert not inside
            inside.append(record)
            if record.msg == "long":
                os.kill(os.getpid(), signal.SIGINT)
            else:
                logged.set()
            inside.pop()

    busy = Busy()
    log.addHandler(busy)
    caplog.set_level(logging.INFO, log.name)
    try:
        with deferred() as interrupt:
            log.info("long")
            assert interrupt()
            assert logged.wait(10)
    finally:
        log.removeHandler(busy)
