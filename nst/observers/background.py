"""Observers told in a thread of their own: encoding pictures and writing files does not hold up the steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from nst.record import Iterate

AHEAD = 8  # iterates that may wait to be told; then the steps wait, so that memory does not grow


class Background:
    """An observer that passes everything on, in order, while the next step is taken.

    What an observer raises is raised by the next call, by `drain`, or at the end of the context.
    """

    def __init__(self, observers: Sequence[Callable[[Iterate], None]]) -> None:
        self._observers = observers
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="observers")
        self._waiting: deque[Future[None]] = deque()

    def __call__(self, iterate: Iterate) -> None:
        """Let them be told of `iterate`."""
        while self._waiting and (self._waiting[0].done() or len(self._waiting) >= AHEAD):
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._tell, iterate))

    @property
    def over(self) -> bool:
        """Whether one of them wants the run to end."""
        return any(getattr(observer, "over", False) for observer in self._observers)

    def drain(self) -> None:
        """Wait until all is told."""
        while self._waiting:
            self._waiting.popleft().result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.drain()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def _tell(self, iterate: Iterate) -> None:
        for observer in self._observers:
            observer(iterate)
