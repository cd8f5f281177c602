"""Signals, noted and let through."""

from __future__ import annotations

import os
import signal

import pytest

from nst.signals import deferred


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
