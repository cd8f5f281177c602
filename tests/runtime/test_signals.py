"""Deferred signals: recorded, then raised."""

import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nst.runtime import signals, system
from nst.runtime.signals import deferred, send_to_self
from tests.conftest import ROOT


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


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_a_second_signal_during_set_up_is_raised_at_once(number: signal.Signals, raised: type[BaseException]) -> None:
    with deferred() as interrupt:
        interrupt.setting_up = True
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupt()
        with pytest.raises(raised):
            os.kill(os.getpid(), number)


def test_a_second_sigterm_after_set_up_has_no_effect() -> None:
    with deferred() as interrupt:
        interrupt.setting_up = True
        os.kill(os.getpid(), signal.SIGTERM)
        interrupt.setting_up = False
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupt.signal == signal.SIGTERM


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_once_all_is_saved_the_first_signal_is_raised_at_once(
    number: signal.Signals, raised: type[BaseException]
) -> None:
    with deferred() as interrupt:
        interrupt.saved = True
        with pytest.raises(raised):
            os.kill(os.getpid(), number)
        assert not interrupt()


HANGING = """
import sys, time
from nst.runner import run
from nst.run import main
def hang(config):
    print("hanging", flush=True)
    time.sleep(600)
run.Pictures = hang
sys.exit(main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_two_signals_end_a_run_that_hangs_in_set_up(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HANGING],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        try:
            assert run.stdout
            assert "hanging" in run.stdout.readline()
            run.send_signal(number)
            assert "a second signal stops at once" in run.stdout.readline()
            run.send_signal(number)
            assert run.wait(20) == 128 + number
        finally:
            run.kill()


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


@pytest.mark.parametrize("windows", [False, True])
def test_a_thread_can_send_this_process_a_signal(windows: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "WINDOWS", windows)
    if windows:
        monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("on Windows this ends the process"))
    with deferred() as interrupt:
        sender = threading.Thread(target=send_to_self, args=(signal.SIGTERM,))
        sender.start()
        sender.join()
        assert interrupt.signal == signal.SIGTERM


def test_ctrl_break_counts_as_sigterm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "_BREAK", signal.SIGUSR1)  # in place of Windows' SIGBREAK
    monkeypatch.setattr(signals, "_ENDING", {signal.SIGTERM, signal.SIGUSR1})
    before = signal.getsignal(signal.SIGUSR1)
    with deferred() as interrupt:
        signal.raise_signal(signal.SIGUSR1)
        assert interrupt.signal == signal.SIGTERM
    with pytest.raises(SystemExit) as caught, signals.raising():
        signal.raise_signal(signal.SIGUSR1)
    assert caught.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGUSR1) == before
