"""Calls observers in a separate thread, so that encoding pictures and writing files does not delay the steps."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

import numpy as np

from nst.observers.contract import Observer
from nst.state import Iterate

AHEAD = 8  # iterates that may wait; above this the steps wait, which bounds memory ...
AHEAD_BYTES = 2**29  # ... and fewer if they take this memory
ITERATE = 2  # pictures of an iterate: the picture and its gradient


def most_ahead(values: int) -> int:
    """The iterates that may wait, of pictures with so many values: 1 to `AHEAD`."""
    return max(1, min(AHEAD, AHEAD_BYTES // (ITERATE * np.dtype(np.float32).itemsize * values)))


class Background:
    """Passes each iterate to the observers, in order, while the next steps run. Use it as a context manager.

    An observer's exception is raised by a later call, by `drain`, or at the end of the context.
    """

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="observers")
        self._waiting: deque[Future[None]] = deque()

    def __call__(self, iterate: Iterate) -> None:
        """Queue `iterate` for the observers; wait if too many are in the queue."""
        ahead = most_ahead(int(np.prod(iterate.point.image.shape)))
        while self._waiting and (self._waiting[0].done() or len(self._waiting) >= ahead):
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._notify, iterate))

    def drain(self) -> None:
        """Wait until the observers have got every iterate."""
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

    def _notify(self, iterate: Iterate) -> None:
        for observer in self._observers:
            observer(iterate)
