"""Servers that misbehave: a download ends within its limit, in one line or with the fallback, and leaves no file."""

import contextlib
import gzip
import itertools
import logging
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from nst.assets import find as assets
from nst.assets.download import download
from nst.assets.find import Asset
from nst.assets.https import THREAD
from nst.assets.unreachable import UnreachableError
from nst.errors import InputError
from nst.image.decode import decode_alpha
from tests.attacks.server import Behavior, Server, reply
from tests.conftest import Held

pytestmark = pytest.mark.slow

LIMIT = 0.6  # seconds of a download
MARGIN = 2.0  # seconds in addition, on a busy machine
SEEDS = range(3)
MEBIBYTE = 2**20
OK = b"HTTP/1.1 200 OK\r\n"
PAGE = b"<!DOCTYPE html><html><head><title>Welcome to our network</title></head><body>Please log in.</body></html>"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", Server.trust(tmp_path))
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("NST_OFFLINE", raising=False)
    clear()
    return tmp_path / "cache" / "pictures"


def seeded(seed: int) -> random.Random:
    return random.Random(seed)


def downloading() -> bool:
    """Whether the thread of a download is running."""
    return any(thread.name == THREAD for thread in threading.enumerate())


def clear() -> None:
    assets._from_catalogue.cache_clear()
    assets._download.cache_clear()


@pytest.fixture
def picture(tmp_path: Path) -> bytes:
    Image.effect_noise((96, 64), 50).save(tmp_path / "picture.png")
    return (tmp_path / "picture.png").read_bytes()


def endless(make: Callable[[random.Random], bytes], before: bytes = b"", pause: float = 0.0) -> Callable[..., Behavior]:
    """Send `before`, then what `make` returns, again and again."""

    def made(rng: random.Random, _picture: bytes) -> Behavior:
        def behave(connection: socket.socket, _request: str, server: Server) -> None:
            connection.sendall(before)
            while not server.closing.wait(pause * rng.random()):
                connection.sendall(make(rng))

        return behave

    return made


def trickled(text: bytes) -> Callable[..., Behavior]:
    """Send `text` byte by byte, each before the client's patience ends."""
    bytes_ = itertools.cycle(text[index : index + 1] for index in range(len(text)))
    return endless(lambda _: next(bytes_), pause=0.1)


def once(*pieces: bytes, status: str = "200 OK", headers: tuple[str, ...] = ()) -> Callable[..., Behavior]:
    """An honest reply with a wrong content."""
    return lambda rng, _picture: (
        lambda connection, _request, _server: reply(connection, rng.choice(pieces), status, *headers)
    )


def cut(rng: random.Random, picture: bytes) -> Behavior:
    """A picture that ends early, announced at full length."""
    end = rng.randrange(len(picture))
    head = OK + f"Content-Length: {len(picture)}\r\n\r\n".encode()
    return lambda connection, _request, _server: connection.sendall(head + picture[:end])


def cut_unannounced(rng: random.Random, picture: bytes) -> Behavior:
    """A picture that ends early, without an announced length; its header is whole."""
    end = rng.randrange(100, len(picture) - 100)
    return lambda connection, _request, _server: connection.sendall(OK + b"\r\n" + picture[:end])


def redirecting(make: Callable[[int, Server], str]) -> Callable[..., Behavior]:
    """Redirect to `make(number of the redirection, server)`."""

    def made(rng: random.Random, _picture: bytes) -> Behavior:
        numbers, status = itertools.count(), rng.choice(["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
        return lambda connection, _request, server: reply(
            connection, b"", status, f"Location: {make(next(numbers), server)}"
        )

    return made


def garbage(rng: random.Random, _picture: bytes) -> Behavior:
    """Random bytes instead of a reply."""
    noise = rng.randbytes(rng.randrange(1, 2**12))
    return lambda connection, _request, _server: connection.sendall(noise)


def chunk(rng: random.Random) -> bytes:
    body = rng.randbytes(2**14)
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


BOMB = gzip.compress(bytes(200 * MEBIBYTE), 1)
GZIPPED = ("Content-Encoding: gzip",)
UNREACHABLE, REFUSED = UnreachableError, InputError
BEHAVIORS: dict[str, tuple[Callable[..., Behavior], type[InputError], bool]] = {
    "no handshake": (endless(lambda _: b"", pause=0.1), UNREACHABLE, False),
    "a trickled handshake": (trickled(b"\x16\x03\x03\x3f\xff" + bytes(2**12)), UNREACHABLE, False),
    "garbage for a handshake": (garbage, UNREACHABLE, False),
    "silence": (endless(lambda _: b"", pause=0.1), UNREACHABLE, True),
    "endless 100 Continue": (endless(lambda _: b"HTTP/1.1 100 Continue\r\n\r\n"), UNREACHABLE, True),
    "slow 100 Continue": (endless(lambda _: b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.1), UNREACHABLE, True),
    "endless 100 with headers": (
        endless(lambda rng: b"HTTP/1.1 100 Continue\r\nX: %d\r\n\r\n" % rng.randrange(9)),
        UNREACHABLE,
        True,
    ),
    "a trickled status": (trickled(OK), UNREACHABLE, True),
    "trickled headers": (endless(lambda _: b"X-Header: 1\r\n", OK, pause=0.1), UNREACHABLE, True),
    "endless headers": (endless(lambda rng: b"X-%d: 1\r\n" % rng.randrange(10**6), OK), UNREACHABLE, True),
    "an endless header": (endless(lambda rng: rng.randbytes(64).hex().encode(), OK + b"X: "), UNREACHABLE, True),
    "a trickled body": (endless(lambda _: b".", OK + b"\r\n", pause=0.1), UNREACHABLE, True),
    "an endless body": (endless(lambda rng: rng.randbytes(2**14), OK + b"\r\n"), REFUSED, True),
    "endless chunks": (endless(chunk, OK + b"Transfer-Encoding: chunked\r\n\r\n"), REFUSED, True),
    "endless empty gzip": (
        endless(lambda _: gzip.compress(b""), OK + b"Content-Encoding: gzip\r\n\r\n"),
        UNREACHABLE,
        True,
    ),
    "a gzip bomb": (once(BOMB, headers=GZIPPED), REFUSED, True),
    "a broken gzip": (once(b"\x1f\x8b" + bytes(99), PAGE, headers=GZIPPED), UNREACHABLE, True),
    "a huge Content-Length": (endless(lambda _: b"", OK + b"Content-Length: %d\r\n\r\n" % 10**18), REFUSED, True),
    "a picture cut off": (cut, UNREACHABLE, True),
    "a picture cut off in silence": (cut_unannounced, REFUSED, True),
    "a page": (once(PAGE, b"", b"\0" * 999, b"%!PS-Adobe-3.0 EPSF-3.0\n"), REFUSED, True),
    "an error": (once(PAGE, status="503 Service Unavailable"), UNREACHABLE, True),
    "garbage": (garbage, UNREACHABLE, True),
    "a redirection to itself": (redirecting(lambda _, server: f"https://{server.root}/a.jpg"), UNREACHABLE, True),
    "endless redirections": (redirecting(lambda number, server: f"/{number}.jpg"), UNREACHABLE, True),
    "a redirection to http": (redirecting(lambda _, server: f"http://{server.root}/a.jpg"), REFUSED, True),
    "a redirection to a file": (redirecting(lambda _, server: "file:///etc/passwd"), REFUSED, True),
    "a redirection to nowhere": (redirecting(lambda _, server: "https://[/"), InputError, True),
}


@contextlib.contextmanager
def timed(limit: float) -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < limit + MARGIN


@pytest.mark.parametrize("name", BEHAVIORS)
def test_a_download_ends_within_its_limit_in_one_line(name: str, cache: Path, picture: bytes, held: Held) -> None:
    make, kind, secure = BEHAVIORS[name]
    for seed in SEEDS:
        with Server(make(seeded(seed), picture), secure=secure) as server, timed(LIMIT):
            url = f"https://{server.root}/a.jpg"
            with pytest.raises(InputError) as caught:
                download(url, None, cache, max_bytes=MEBIBYTE, seconds=LIMIT, check=decode_alpha)
            assert isinstance(caught.value, kind), caught.value
            assert url in str(caught.value)
            assert "\n" not in str(caught.value)
            assert not list(cache.iterdir())
    end = time.monotonic() + 5
    while downloading() and time.monotonic() < end:
        time.sleep(0.05)
    assert not downloading()
    held(f"{name}: {len(SEEDS)} servers: all held")


@pytest.mark.parametrize("name", [name for name, (_, kind, _) in BEHAVIORS.items() if kind is UnreachableError])
def test_a_replacement_is_used_within_the_limit(
    name: str, cache: Path, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, _, secure = BEHAVIORS[name]
    monkeypatch.setattr(assets, "PICTURE_SECONDS", LIMIT)
    with Server(make(seeded(7), picture), secure=secure) as server, timed(LIMIT):
        address = f"https://{server.root}/a.jpg#sha256={'0' * 64}"
        sources = [{"address": address}, {"bundled": "pictures/starry_night.jpg", "credit": "painted at home"}]
        monkeypatch.setattr(assets, "catalogue", lambda: {"dusk": {"sources": sources}})
        found = assets.find("dusk", check=decode_alpha)
    assert (found.path.name, found.instead_of) == ("starry_night.jpg", address)
    assert not list(cache.iterdir())


def test_a_good_server_is_served_once(cache: Path, picture: bytes) -> None:
    with Server(lambda connection, _request, _server: reply(connection, picture)) as server:
        url = f"https://{server.root}/a.jpg"
        first = found(url)
    clear()
    assert found(url) == first  # the server is gone
    assert first.path.read_bytes() == picture
    assert list(cache.iterdir()) == [first.path]


def found(url: str) -> Asset:
    return assets.find(url, check=decode_alpha)


def test_a_bad_entry_of_the_cache_is_named_and_replaced(
    cache: Path, picture: bytes, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, held: Held
) -> None:
    monkeypatch.setattr(logging.getLogger("nst"), "propagate", True)
    rng, count = seeded(3), 40
    with Server(lambda connection, _request, _server: reply(connection, picture)) as server:
        url = f"https://{server.root}/a.jpg"
        entry = found(url).path
        for number in range(count):
            bad = [PAGE, b"", rng.randbytes(rng.randrange(1, 999)), picture[: rng.randrange(len(picture) - 12)]]
            entry.write_bytes(bad[number % len(bad)])
            clear()
            caplog.clear()
            assert found(url).path.read_bytes() == picture
            assert re.search(rf"{re.escape(str(entry))} is .*it is downloaded again from {re.escape(url)}", caplog.text)
    held(f"{count} bad entries of the cache: all replaced")


def test_a_folder_in_place_of_an_entry_of_the_cache_is_named(cache: Path, picture: bytes) -> None:
    with Server(lambda connection, _request, _server: reply(connection, picture)) as server:
        url = f"https://{server.root}/a.jpg"
        entry = found(url).path
        for inside in (False, True):
            entry.unlink() if entry.is_file() else None
            entry.mkdir(exist_ok=True)
            if inside:
                (entry / "mine.txt").write_text("mine")
            clear()
            with pytest.raises(InputError, match=re.escape(f"{entry} is a folder where {url} belongs")):
                found(url)
    assert (entry / "mine.txt").read_text() == "mine"
