"""The web server of the page. It answers this machine only, and no part of an address reaches the file system."""

import importlib.resources
import re
import sys
import threading
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, cast

from nst.dashboard.access import METHODS, refusal
from nst.dashboard.copies import Copies
from nst.dashboard.watcher import Watcher
from nst.errors import InputError, check_count
from nst.runtime import system

HOST, PORT = "127.0.0.1", 8765
CONNECTIONS, STREAMS = 64, 24  # at the same time, at most; a stream is a connection
PATIENCE = 10.0  # seconds that a reader or a writer may take
BEAT = 15.0  # seconds between signs of life on a stream
RETRY = 1000  # milliseconds after which a browser connects again
EVENTS, PICTURE = "/events", re.compile(r"/pictures/([0-9a-f]{16})")
SHARED = ("page.css", "elements.js", "chart.js")  # of the report's page
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "txt": "text/plain"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Connection": "close",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@cache
def page() -> dict[str, tuple[str, bytes]]:
    """{path: (type, content)} of the page, its scripts and styles."""
    own = importlib.resources.files("nst.dashboard") / "static"
    shared = importlib.resources.files("nst.report") / "static"
    files = [*own.iterdir(), *(shared / name for name in SHARED)]
    found = {f"/{file.name}": (file.name.rpartition(".")[2], file.read_bytes()) for file in files}
    return {"/": found.pop("/watch.html"), **found}


class Handler(BaseHTTPRequestHandler):
    """Answers one request: the page, its event stream, or the picture of a run."""

    timeout = PATIENCE
    server_version, sys_version = "nst", ""

    def do_GET(self) -> None:
        """Answer."""
        path = self.path.partition("?")[0]
        if refused := refusal(self.command, path, self.headers, self._owner.port):
            self._refuse(*refused)
        elif path in page():
            self._send(HTTPStatus.OK, *page()[path])
        elif path == EVENTS:
            self._stream()
        elif (found := PICTURE.fullmatch(path)) and (copy := self._owner.copy(found[1])):
            self._send(HTTPStatus.OK, "image/jpeg", copy)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there is nothing at this address")

    do_HEAD = do_GET  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse a request that cannot be read, or has another method."""
        del explain
        known = code != HTTPStatus.NOT_IMPLEMENTED
        self._refuse(HTTPStatus(code if known else HTTPStatus.METHOD_NOT_ALLOWED), message or "refused")

    @property
    def _owner(self) -> "Server":
        return cast("Server", self.server)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's name
        """Log nothing."""

    def _refuse(self, status: HTTPStatus, line: str) -> None:
        self._send(status, "txt", f"nst: {line}\n".encode("utf-8", "replace"))

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self._head(status, f"{TYPES[kind]}; charset=utf-8" if kind in TYPES else kind, len(content))
        if self.command != "HEAD":
            self.wfile.write(content)

    def _head(self, status: HTTPStatus, kind: str, length: int | None = None) -> None:
        self.close_connection = True
        self.send_response(status)
        more = {} if length is None else {"Content-Length": str(length)}
        more |= {"Allow": ", ".join(METHODS)} if status == HTTPStatus.METHOD_NOT_ALLOWED else {}
        for name, value in {"Content-Type": kind, **more, **HEADERS}.items():
            self.send_header(name, value)
        self.end_headers()

    def _stream(self) -> None:
        """Send every change until the reader goes or the watch ends."""
        if not self._owner.streams.acquire(blocking=False):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too many pages are open; close some")
            return
        try:
            self._head(HTTPStatus.OK, "text/event-stream")
            if self.command != "HEAD":
                self.wfile.write(f"retry: {RETRY}\n\n".encode())
                self._send_changes()
        finally:
            self._owner.streams.release()

    def _send_changes(self) -> None:
        feed, seen = self._owner.watcher.feed, 0
        while not feed.closed:
            if news := feed.wait(seen, BEAT):
                seen, message = news
                self.wfile.write(f"data: {message}\n\n".encode())
            else:
                self.wfile.write(b":\n\n")


class Server(ThreadingTCPServer):
    """The server; as a context manager, it serves in its own threads while inside.

    Args:
        watcher: what it serves.
        port: the port; 0 is any free one.

    Raises:
        OSError: the port cannot be used.
    """

    daemon_threads = True  # they end with the process
    allow_reuse_address = not system.WINDOWS  # there, it lets two servers share a port
    request_queue_size = 32

    def __init__(self, watcher: Watcher, port: int) -> None:
        self.watcher, self._copies = watcher, Copies()
        self.streams, self._free = threading.BoundedSemaphore(STREAMS), threading.BoundedSemaphore(CONNECTIONS)
        super().__init__((HOST, port), Handler)
        self.port = int(self.server_address[1])
        self.address = f"http://{HOST}:{self.port}/"

    def __enter__(self) -> "Server":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.watcher.feed.close()
        self.shutdown()
        self.server_close()

    def copy(self, id_: str) -> bytes | None:
        """The picture of a run as JPEG; None if there is none."""
        picture = self.watcher.pictures.get(id_)
        return self._copies.jpeg(picture) if picture else None

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread; close it if there are too many."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore readers that go or stop reading."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def started(watcher: Watcher, port: int | None) -> Server:
    """A server on `port`; None: on `PORT`, or any free port if that is in use.

    Raises:
        InputError: the port cannot be used.
    """
    wanted = PORT if port is None else check_count("--port", port, at_most=65535)
    try:
        return Server(watcher, wanted)
    except OSError as error:
        if port is None:
            return Server(watcher, 0)
        why = f"--port {port} cannot be used ({error.strerror}); choose another, or 0 for any free one"
        raise InputError(why) from error
