"""A loopback server that gives each connection to a function; the caller decides how badly it behaves."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

import trustme

AUTHORITY = trustme.CA()
Behavior = Callable[[socket.socket, str, "Server"], None]
"""(connection, the request up to its empty line, server): sends whatever it likes."""


class Server:
    """Listens on 127.0.0.1 while open.

    Args:
        behave: called in a thread for each connection.
        secure: False: `behave` gets the bare TCP connection, before TLS, with an empty request.
    """

    def __init__(self, behave: Behavior, *, secure: bool = True) -> None:
        self._behave, self._secure = behave, secure
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert("127.0.0.1").configure_cert(self._context)
        self.closing = threading.Event()
        self.root = f"127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    @staticmethod
    def trust(folder: Path) -> str:
        """Write the authority's certificate into `folder`; return its path, for REQUESTS_CA_BUNDLE."""
        AUTHORITY.cert_pem.write_to_path(str(folder / "ca.pem"))
        return str(folder / "ca.pem")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # ends `accept`
        self._listening.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while not self.closing.is_set():
                connection, _ = self._listening.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            if not self._secure:
                self._behave(connection, "", self)
                return
            with self._context.wrap_socket(connection, server_side=True) as secured:
                request = b""
                while b"\r\n\r\n" not in request and (more := secured.recv(2**16)):
                    request += more
                self._behave(secured, request.decode("latin-1"), self)


def reply(connection: socket.socket, body: bytes, status: str = "200 OK", *headers: str) -> None:
    """Send an honest reply."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    connection.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1") + body)
