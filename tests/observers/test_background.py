"""Observers in their own thread: everything is told, in order, and what they raise is not lost."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from nst.observers.background import AHEAD, Background
from nst.observers.contract import Observer


class Calling(Observer):
    """Passes everything on to a function."""

    def __init__(self, function: Callable[[Any], None]) -> None:
        self._function = function

    def __call__(self, iterate: Any) -> None:
        self._function(iterate)


def test_everything_is_told_in_order_elsewhere() -> None:
    told: list[tuple[str, Any]] = []
    threads = set()

    def observer(name: str) -> Calling:
        def observe(iterate: Any) -> None:
            threads.add(threading.current_thread())
            told.append((name, iterate))

        return Calling(observe)

    with Background([observer("a"), observer("b")]) as background:
        for iterate in range(3 * AHEAD):
            background(iterate)  # pyright: ignore[reportArgumentType]
    assert told == [(name, iterate) for iterate in range(3 * AHEAD) for name in "ab"]
    assert threading.current_thread() not in threads
    assert len(threads) == 1


def test_drained_is_told() -> None:
    told: list[Any] = []
    with Background([Calling(told.append)]) as background:
        background(1)  # pyright: ignore[reportArgumentType]
        background.drain()
        assert told == [1]


def test_steps_wait_for_a_slow_observer() -> None:
    gate, told, passed = threading.Event(), [], threading.Event()

    def slow(iterate: Any) -> None:
        gate.wait()
        told.append(iterate)

    with Background([Calling(slow)]) as background:

        def steps() -> None:
            for iterate in range(AHEAD + 1):
                background(iterate)  # pyright: ignore[reportArgumentType]
            passed.set()

        stepper = threading.Thread(target=steps)
        stepper.start()
        assert not passed.wait(0.2)
        gate.set()
        stepper.join()
    assert told == list(range(AHEAD + 1))


@pytest.mark.parametrize("how", ["the next call", "drain", "the end"])
def test_what_an_observer_raises_comes_out(how: str) -> None:
    def fails(_: Any) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"), Background([Calling(fails)]) as background:
        background(0)  # pyright: ignore[reportArgumentType]
        if how == "drain":
            background.drain()
        while how == "the next call":
            background(1)  # pyright: ignore[reportArgumentType]


def test_what_went_wrong_in_the_steps_is_what_is_raised() -> None:
    def fails(_: Any) -> None:
        raise OSError("no space left")

    with pytest.raises(KeyError, match="steps"), Background([Calling(fails)]) as background:
        background(0)  # pyright: ignore[reportArgumentType]
        raise KeyError("steps")
