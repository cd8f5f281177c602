"""Save the reply to one https request, within one deadline: name resolution, connection, headers and body.

A server decides how long a client waits for headers: it may send `100 Continue` without end, or one byte at a time. So
the request runs in a thread. At the deadline its connections are shut down, and the caller goes on at once.
"""

import math
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from nst.errors import InputError
from nst.redaction import redacted_address

CONNECT_SECONDS = 4.0  # limit for connecting to one of a host's addresses
STALL_SECONDS = 15.0  # limit for waiting without receiving a byte
HEAD_SECONDS = 60.0  # limit from the start to the end of the headers, with all redirections
THREAD = "nst-download"
_CHUNK = 2**16


def save_reply(url: str, path: Path, max_bytes: int, seconds: float) -> None:
    """Write the reply to `url` to the file `path`.

    Args:
        url: an https address; redirections must be https, too.
        path: the file.
        max_bytes: size limit of the reply, after decompression.
        seconds: time limit of everything; infinity limits only the headers and the waiting.

    Raises:
        InputError: the reply is larger than `max_bytes`.
        ValueError: the address is malformed.
        requests.RequestException: no reply, an HTTP error, a redirection to another scheme, or the deadline.
        OSError: the file cannot be written.
    """
    _Exchange(url, max_bytes, seconds).write(path)


class _Exchange:
    """A request and its reply; see `save_reply`."""

    def __init__(self, url: str, max_bytes: int, seconds: float) -> None:
        self._url, self._max_bytes, self._seconds = url, max_bytes, seconds
        self._connections: list[socket.socket] = []
        self._begun, self._over = threading.Event(), threading.Event()  # the body; everything
        self._stopped, self._error = False, None

    def write(self, path: Path) -> None:
        end = time.monotonic() + self._seconds
        with path.open("wb") as file:
            threading.Thread(target=self._run, args=(file,), name=THREAD, daemon=True).start()
            try:
                if not self._begun.wait(min(HEAD_SECONDS, self._seconds)):
                    raise requests.Timeout(f"no reply within {min(HEAD_SECONDS, self._seconds):g} s")
                if not self._over.wait(None if math.isinf(end) else max(0.0, end - time.monotonic())):
                    raise requests.Timeout(f"not within {self._seconds:g} s")
            finally:
                self._stop()
        if self._error is not None:
            raise self._error

    def _stop(self) -> None:
        """Shut down the connections, so that the thread ends at its next read or write."""
        self._stopped = True
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _run(self, file: IO[bytes]) -> None:
        try:
            self._stream(file)
        except Exception as error:  # noqa: BLE001  the caller raises it
            broken = isinstance(error, HTTPError) and not isinstance(error, ValueError)
            self._error = requests.ConnectionError(error) if broken else error
        finally:
            self._begun.set()
            self._over.set()

    def _stream(self, file: IO[bytes]) -> None:
        patience = min(STALL_SECONDS, self._seconds)
        with requests.Session() as session:
            del session.adapters["http://"]  # reject redirections to http
            session.mount("https://", _Adapter(self._opened))
            with session.get(self._url, stream=True, timeout=(min(CONNECT_SECONDS, patience), patience)) as reply:
                reply.raise_for_status()
                announced = reply.headers.get("Content-Length", "")
                self._check_size(int(announced) if announced.isdecimal() else 0)
                self._begun.set()
                while chunk := reply.raw.read1(_CHUNK, decode_content=True):  # returns before the chunk is full
                    file.write(chunk)
                    self._check_size(file.tell())

    def _opened(self, connection: socket.socket) -> None:
        """Store a second handle of a new connection; TLS takes over the first."""
        self._connections.append(connection.dup())
        if self._stopped:
            self._stop()

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise InputError(f"{redacted_address(self._url)} is larger than {self._max_bytes / 2**20:.3g} MiB")


class _Adapter(HTTPAdapter):
    """An adapter that calls `opened` with every new connection, also with one to a proxy."""

    def __init__(self, opened: Callable[[socket.socket], None]) -> None:
        class Connection(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                connection = super()._new_conn()
                opened(connection)
                return connection

        class Pool(HTTPSConnectionPool):
            ConnectionCls: Any = Connection

        self._pool = Pool
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        return self._watch(super().proxy_manager_for(*args, **options))

    def _watch(self, manager: Any) -> Any:
        manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": self._pool}
        return manager
