"""Observers in a separate thread: every iterate arrives, in order, and no exception is lost."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nst.observers.background import AHEAD, AHEAD_BYTES, Background, most_ahead
from nst.observers.contract import Observer
from nst.state import Iterate, LevelState, Point, Progress


def numbered(evaluation: int) -> Iterate:
    """An iterate with this number."""
    picture = np.zeros((1, 4, 4, 3), np.float32)
    state = LevelState(Point(picture, 0.0, picture, {}, {}), (), 1, Progress(0.0, 0.0, 1), over=False)
    return Iterate(0, evaluation, 0.0, 0.0, state)


class FunctionObserver(Observer):
    """Calls a function with each iterate."""

    def __init__(self, function: Callable[[Any], None]) -> None:
        self._function = function

    def __call__(self, iterate: Any) -> None:
        self._function(iterate)


def test_observers_get_every_iterate_in_order_in_another_thread() -> None:
    received: list[tuple[str, Any]] = []
    threads = set()

    def observer(name: str) -> FunctionObserver:
        def observe(iterate: Any) -> None:
            threads.add(threading.current_thread())
            received.append((name, iterate.evaluation))

        return FunctionObserver(observe)

    with Background([observer("a"), observer("b")]) as background:
        for iterate in range(3 * AHEAD):
            background(numbered(iterate))
    assert received == [(name, iterate) for iterate in range(3 * AHEAD) for name in "ab"]
    assert threading.current_thread() not in threads
    assert len(threads) == 1


def test_drain_waits_until_observers_have_every_iterate() -> None:
    received: list[Any] = []
    with Background([FunctionObserver(received.append)]) as background:
        background(numbered(1))
        background.drain()
        assert [iterate.evaluation for iterate in received] == [1]


def test_steps_wait_for_a_slow_observer() -> None:
    release, received, finished = threading.Event(), [], threading.Event()

    def slow(iterate: Any) -> None:
        release.wait()
        received.append(iterate.evaluation)

    with Background([FunctionObserver(slow)]) as background:

        def steps() -> None:
            for iterate in range(AHEAD + 1):
                background(numbered(iterate))
            finished.set()

        stepper = threading.Thread(target=steps)
        stepper.start()
        assert not finished.wait(0.2)
        release.set()
        stepper.join()
    assert received == list(range(AHEAD + 1))


@pytest.mark.parametrize("how", ["the next call", "drain", "the end"])
def test_an_observers_exception_is_raised(how: str) -> None:
    def fails(_: Any) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"), Background([FunctionObserver(fails)]) as background:
        background(numbered(0))
        if how == "drain":
            background.drain()
        while how == "the next call":
            background(numbered(1))


def test_an_exception_of_the_steps_takes_precedence() -> None:
    def fails(_: Any) -> None:
        raise OSError("no space left")

    with pytest.raises(KeyError, match="steps"), Background([FunctionObserver(fails)]) as background:
        background(numbered(0))
        raise KeyError("steps")


def test_fewer_iterates_of_large_pictures_wait() -> None:
    assert most_ahead(3 * 512 * 512) == AHEAD
    assert most_ahead(3 * 4096 * 4096) == 1
    waiting = [most_ahead(3 * side * side) for side in range(64, 6000, 64)]
    assert waiting == sorted(waiting, reverse=True)
    assert all(1 <= count <= AHEAD for count in waiting)
    assert 2 * 4 * 3 * 2048 * 2048 * most_ahead(3 * 2048 * 2048) <= AHEAD_BYTES
