"""The server by real HTTP: whom it answers, what it serves, its limits, and the event stream of a real run."""

import http.client
import io
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from nst.dashboard import server as module
from nst.dashboard.server import Server, page, started
from nst.dashboard.watcher import Watcher
from nst.errors import InputError
from nst.observers import preview
from nst.runner.request import Request
from nst.runner.run import run
from tests.dashboard.conftest import Start, state
from tests.test_config import load

Headers = dict[str, str | None]
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def server(serve: Callable[..., Any], watcher: Watcher) -> Iterator[Server]:
    with serve(watcher) as server:
        yield server


def ask(server: Server, path: str = "/", method: str = "GET", headers: Headers | None = None) -> Answer:
    """Status, headers and body of an answer; a header None is not sent."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": f"127.0.0.1:{server.port}", **(headers or {})}.items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = b"" if answer.headers["Content-Type"] == "text/event-stream" else answer.read()
    connection.close()
    return answer.status, dict(answer.headers), body


@contextmanager
def events(server: Server) -> Iterator[Iterator[dict[str, Any]]]:
    """The messages of the event stream."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/events")
    answer = connection.getresponse()
    assert answer.headers["Content-Type"] == "text/event-stream"
    try:
        yield (json.loads(line.removeprefix(b"data: ")) for line in answer if line.startswith(b"data: "))
    finally:
        answer.close()
        connection.close()


def test_it_listens_on_loopback_only(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/", "/events", "/page.css", "/pictures/0123456789abcdef"])
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", "", None],
)
def test_other_hosts_are_refused(server: Server, path: str, host: str | None) -> None:
    assert ask(server, path, headers={"Host": host and host.format(port=server.port)})[0] == 403


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}", "LOCALHOST:{port}"])
def test_the_names_of_this_machine_are_answered(server: Server, host: str) -> None:
    own = host.format(port=server.port)
    assert ask(server, headers={"Host": own})[0] == 200
    assert ask(server, headers={"Host": own, "Origin": f"http://{own}", "Sec-Fetch-Site": "same-origin"})[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/events", "/watch.js"])
def test_requests_of_other_sites_are_refused(server: Server, headers: dict[str, str], path: str) -> None:
    given: Headers = {name: value.format(port=server.port) for name, value in headers.items()}
    assert ask(server, path, headers=given)[0] == 403


def test_a_link_of_another_site_opens_the_page_only(server: Server) -> None:
    link: Headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert ask(server, "/", headers=link)[0] == 200
    assert ask(server, "/events", headers=link)[0] == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_are_refused(server: Server, method: str) -> None:
    status, headers, _ = ask(server, method=method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/events", "/chart.js", "/nothing"])
def test_head_has_the_headers_of_get_and_no_body(server: Server, path: str) -> None:
    status, headers, body = ask(server, path, "HEAD")
    assert not body
    got = ask(server, path)
    assert (got[0], got[1]["Content-Type"]) == (status, headers["Content-Type"])


@pytest.mark.parametrize(
    "path",
    [
        *("/../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "//etc/passwd", "/watch.html", "/static/watch.js"),
        *("/pictures/", "/pictures/../result.png", "/pictures/0123456789abcdef", "http://evil.example/", "*"),
        *("/pictures/0123456789ABCDEF", "/pictures/sweep/run", "/events/", "/page.css/", "/__init__.py", "/%00"),
    ],
)
def test_no_part_of_an_address_reaches_the_file_system(server: Server, start: Start, path: str) -> None:
    start()
    assert ask(server, path)[0] == 404


def test_every_answer_has_the_headers_of_safety(server: Server) -> None:
    for path, method in (("/", "GET"), ("/events", "HEAD"), ("/nothing", "GET"), ("/", "POST"), ("/watch.js", "GET")):
        headers = ask(server, path, method)[1]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in headers


def test_the_page_asks_for_its_own_files_only(server: Server) -> None:
    html = ask(server)[2].decode()
    named = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert {f"/{name}" for name in named if not name.startswith("data:")} == page().keys() - {"/"}
    assert not re.search(r"<script>|<style|\son\w+=", html)
    for path in page():
        text = ask(server, path)[2].decode().replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text
        assert "https:" not in text
        assert "innerHTML" not in text


def test_unreadable_requests_are_refused_and_the_server_lives(server: Server) -> None:
    many = b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200
    for line in (b"", b"GET", b"\xff" * 100, b"GET / HTTP/9.9", many, b"G" * 70_000):
        data = line + b"\r\n\r\n" if line else b""
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(1000)
            assert b" 200 " not in answer
            assert b"Traceback" not in answer
    assert ask(server)[0] == 200


def test_a_picture_is_a_copy_as_jpeg(server: Server, start: Start, watcher: Watcher) -> None:
    run = start()
    id_ = state(watcher)["ids"]["sweep/run"]
    status, headers, body = ask(server, f"/pictures/{id_}?1")
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(body)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (80, 60))
    run.end()
    state(watcher)
    assert ask(server, f"/pictures/{id_}?2")[2] != body


def test_the_number_of_streams_and_connections_is_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:
        for _ in range(module.STREAMS):
            next(stack.enter_context(events(server)))
        assert ask(server, "/events")[0] == 503
        assert ask(server, "/")[0] == 200
        for _ in range(module.CONNECTIONS - module.STREAMS):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(server, "/")
    server.watcher.feed.publish({"other": 1, "order": []}, {})  # readers that are gone are noticed at the next message
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            assert ask(server, "/events")[0] == 200
            return
        except (AssertionError, http.client.HTTPException, OSError):
            server.watcher.feed.publish({"other": time.monotonic(), "order": []}, {})
            time.sleep(0.1)
    pytest.fail("connections are not released")


def test_a_stream_gets_changes_only(server: Server, start: Start, watcher: Watcher) -> None:
    run, _ = start("a"), start("b")
    with events(server) as messages:
        next(messages)
        first = state(watcher)
        assert len(next(messages)["runs"]) == 2
        run.write(90, "red")
        state(watcher)
        (changed,) = next(messages)["runs"].items()
        assert (changed[0], changed[1]["evaluation"]) == (first["ids"]["a"], 90)


def test_the_end_of_the_watch_ends_the_streams(serve: Callable[..., Any], watcher: Watcher) -> None:
    with ExitStack() as stack:
        with serve(watcher) as server:
            messages = stack.enter_context(events(server))
            next(messages)
            began = time.monotonic()
        assert list(messages) == []
        assert time.monotonic() - began < 5


def test_a_port_in_use_is_one_line_or_another_port(server: Server, watcher: Watcher, monkeypatch: Any) -> None:
    with pytest.raises(InputError, match=rf"--port {server.port} cannot be used \(.*\); choose another"):
        started(watcher, server.port)
    with pytest.raises(InputError, match="--port must be at most 65535"):
        started(watcher, 65536)
    monkeypatch.setattr(module, "PORT", server.port)
    with started(watcher, None) as other:
        assert other.port not in (0, server.port)
        assert ask(other)[0] == 200


def test_a_real_run_is_seen_from_its_first_step_to_its_result(
    server: Server, watcher: Watcher, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["extractor=vgg19_slim", "metrics.network=own", "size=64", "steps=40", "observers.console=null"]
    options += ["observers.preview.every=0.001", "observers.tensorboard=null", "optimizer=adam"]
    config = load(f"content.image={pictures / 'content.png'}", f"style.image={pictures / 'style.png'}", *options)
    monkeypatch.setattr(preview, "SHARE", 1e9)
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            state(watcher)

    looking = threading.Thread(target=look)
    looking.start()
    seen, copies = [], []
    with events(server) as messages:
        running = threading.Thread(target=run, args=(Request(config, tmp_path / "mine"),))
        running.start()
        for message in messages:
            for id_, view in message["runs"].items():
                seen.append(view)
                if view["picture"] and (copy := ask(server, f"/pictures/{id_}"))[0] == 200:
                    copies.append(copy[2])
            if seen and seen[-1]["status"] == "done":
                break
    over.set()
    running.join()
    looking.join()
    evaluations = [view["evaluation"] for view in seen if view.get("evaluation")]
    assert {view["status"] for view in seen} == {"running", "done"}
    assert len(set(evaluations)) > 2
    assert evaluations == sorted(evaluations)
    assert any(view.get("steps") == 40 and 0 < view["done"] < 1 for view in seen)
    with Image.open(io.BytesIO(copies[-1])) as last:
        assert max(last.size) == 64
    assert not list((tmp_path / "mine").glob("pr*"))
