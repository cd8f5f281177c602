"""Messages of libraries are discarded, others are not."""

import logging
import os
import threading
import warnings

import pytest

from nst.runtime.quiet import quiet


def noise() -> None:
    os.write(2, b"from C\n")
    warnings.warn("from Python", stacklevel=1)
    logging.getLogger("PIL.TiffImagePlugin").error("from Pillow")


def test_everything_inside_is_discarded_and_nothing_after(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet():
        noise()
    assert capfd.readouterr().err == ""
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
    with pytest.warns(UserWarning, match="from Python"):
        noise()


def test_threads_may_overlap(capfd: pytest.CaptureFixture[str]) -> None:
    first, second = threading.Event(), threading.Event()

    def other() -> None:
        with quiet():
            first.set()
            second.wait(10)
            noise()

    thread = threading.Thread(target=other)
    with quiet():
        thread.start()
        first.wait(10)
    second.set()  # this thread has left, the other has not
    thread.join()
    assert capfd.readouterr().err == ""
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_it_works_without_stderr() -> None:
    kept = os.dup(2)
    os.close(2)
    try:
        with quiet():
            pass
        with pytest.raises(OSError):
            os.fstat(2)
    finally:
        os.dup2(kept, 2)
        os.close(kept)
