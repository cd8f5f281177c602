import hashlib
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from nst.assets import find as assets
from nst.assets.download import download
from nst.assets.unreachable import UnreachableError
from nst.errors import InputError
from nst.image.io import read_image

AUTHORITY = trustme.CA()
STAND_IN = {"bundled": "pictures/starry_night.jpg", "credit": "painted at home"}
PAGE = b"what is to be had " * 5000
RIGHT, WRONG = hashlib.sha256(PAGE).hexdigest(), "0" * 64


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        pieces, status, pause, headers = self.server.pages[self.path]
        self.send_response(status)
        for header in headers.items():
            self.send_header(*header)
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)
            self.server.closing.wait(pause)

    def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002


class Site(ThreadingHTTPServer):
    def __init__(self, *, secure: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages, self.asked, self.closing = {}, [], threading.Event()
        self.root = f"{'https' if secure else 'http'}://127.0.0.1:{self.server_port}"
        if secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, args=(0.02,)).start()

    def page(self, *pieces: bytes, path: str = "/page.jpg", missing=0, status=200, pause=0.0, **headers: str) -> str:
        """The address of a page sent in `pieces`, a `pause` after each; `missing` bytes are announced and not sent."""
        length = str(len(b"".join(pieces)) + missing)
        self.pages[path] = (pieces, status, pause, {"Content-Length": length, **headers})
        return self.root + path

    def server_close(self) -> None:
        self.closing.set()
        self.shutdown()
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None: ...  # a client that hangs up is no news


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with Site(secure=True) as site:
        yield site


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Path:
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(logging.getLogger("nst"), "propagate", True)  # to caplog, whatever has been done to it before
    caplog.set_level(logging.INFO, "nst")
    forget()
    return tmp_path / "cache"


def forget() -> None:
    assets._from_catalogue.cache_clear()
    assets._download.cache_clear()


def know_dusk(monkeypatch: pytest.MonkeyPatch, *sources: dict[str, str]) -> None:
    forget()
    monkeypatch.setattr(assets, "catalogue", lambda: {"dusk": {"sources": list(sources)}})


def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"https://127.0.0.1:{closed.getsockname()[1]}/page.jpg"


def refusal(call: Callable[..., Any], *args: Any, kind: type = InputError, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        call(*args, **options)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", assets.catalogue())
def test_every_entry_of_the_catalogue_can_serve(monkeypatch, name):
    entry = assets.catalogue()[name]
    assert entry["title"] and entry["sources"]
    for source in entry["sources"]:
        assert source["credit"]
        if "address" in source:
            assert re.fullmatch(r"https://[^#\s]+#sha256=[0-9a-f]{64}", source["address"])
        else:
            know_dusk(monkeypatch, source)
            assert read_image(assets.find("dusk").path).ndim == 4


@pytest.mark.parametrize("path", ["{home}/page.jpg", "~/page.jpg"])
def test_a_path_is_found(tmp_path, monkeypatch, path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "page.jpg").write_bytes(PAGE)
    asset = assets.find(path.format(home=tmp_path))
    assert (asset.path, asset.sha256, asset.instead_of) == (tmp_path / "page.jpg", RIGHT, "")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("astronout", "did you mean 'astronaut'"),
        ("http://127.0.0.1/page.jpg", "https"),
        ("no/such/page.jpg", "no such file"),
        ("~no-such-user/page.jpg", "no-such-user"),
        ("page" * 99, "page"),
        *((path, path) for path in ["/proc/self/mem"] if Path(path).exists()),  # opens, even for root, and fails
    ],
)
def test_what_cannot_be_found_is_refused(asked, reason):
    assert reason in refusal(lambda: read_image(assets.find(asked).path))


def test_an_address_is_followed_and_downloaded_once(site, cache):
    site.page(PAGE, path="/there")
    url = site.page(status=302, Location="/there")
    assets.find(url)
    forget()
    asset = assets.find(url)
    assert site.asked == ["/page.jpg", "/there"]
    assert list((cache / "pictures").iterdir()) == [asset.path]
    assert (asset.path.read_bytes(), asset.sha256, asset.source) == (PAGE, RIGHT, url)


def test_a_spoiled_download_is_replaced(site, cache):
    cache.mkdir()
    (cache / "x.npz").write_bytes(b"spoiled")
    limits: dict[str, Any] = {"max_bytes": len(PAGE), "seconds": 60}  # it just fits
    path = download(site.page(PAGE), f"sha256:{RIGHT}", cache, file_name="x.npz", **limits)
    assert (path, path.read_bytes()) == (cache / "x.npz", PAGE)


SLOWLY = {"seconds": 0.5}
GONE = (UnreachableError, "cannot be reached")
FAILING = {
    "wrong checksum": ([PAGE], {}, {"checksum": f"sha256:{WRONG}"}, InputError, "checksum"),
    "too large": ([PAGE], {}, {"max_bytes": len(PAGE) - 1}, InputError, "larger than"),
    "404": ([PAGE], {"status": 404}, {}, *GONE),
    "interrupted": ([PAGE], {"missing": 1}, {}, *GONE),
    "silent": ([PAGE], {"missing": 1, "pause": 4}, SLOWLY, *GONE),
    "in drops": ([b"."] * 40, {"pause": 0.1}, SLOWLY, *GONE),
    "in gulps": ([PAGE] * 40, {"pause": 0.1}, SLOWLY, *GONE),
}


@pytest.mark.parametrize(("pieces", "how", "options", "kind", "reason"), FAILING.values(), ids=FAILING)
def test_a_failing_download_leaves_nothing(site, cache, pieces, how, options, kind, reason):
    url, start = site.page(*pieces, **how), time.monotonic()
    limits = {"checksum": None, "max_bytes": 2**30, **options}
    message = refusal(download, url, folder=cache, kind=kind, **limits)
    assert url in message
    assert reason in message
    assert not list(cache.iterdir())
    assert time.monotonic() - start < 2.5


@pytest.mark.parametrize("through", [False, True], ids=["to http", "through http"])
def test_a_redirection_that_leaves_https_is_refused(site, cache, through):
    back = {"status": 302, "Location": site.page(PAGE, path="/there")}
    with Site(secure=False) as plain:
        away = plain.page(PAGE, **(back if through else {}))
        refusal(assets.find, site.page(status=302, Location=away))
    assert not plain.asked
    assert not list((cache / "pictures").iterdir())


@pytest.mark.parametrize("url", ["https://a..b/", f"https://{'a' * 64}/", "https://a:99999/", "https://[a/"])
def test_an_address_that_makes_no_sense_is_not_called_a_wrong_checksum(url):
    with pytest.raises(InputError, match=re.escape(url)) as caught:
        assets.find(url)
    assert "checksum" not in str(caught.value)


def test_missing_authorities_are_not_blamed_on_the_cache(site, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle")
    assert "/no/such/bundle" in refusal(assets.find, site.page(PAGE))


def test_a_cache_that_cannot_be_written_is_done_without(site, cache, caplog):
    cache.write_text("a file in the way")
    assert assets.find(site.page(PAGE)).path.is_file()
    assert f"{cache / 'pictures'} cannot be written" in caplog.text


@pytest.mark.parametrize("status", [None, 404])
def test_a_stand_in_serves_and_says_so_once(site, monkeypatch, caplog, status):
    address = site.page(status=status) if status else nobody()
    know_dusk(monkeypatch, {"address": address}, STAND_IN)
    asset = assets.find("dusk")
    assert assets.find("dusk") == asset
    assert (asset.instead_of, asset.credit, asset.path.name) == (address, "painted at home", "starry_night.jpg")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "painted at home" in caplog.text


def test_without_fallback_the_stand_in_is_only_mentioned(monkeypatch, caplog):
    know_dusk(monkeypatch, {"address": nobody()}, STAND_IN)
    assert "stand-in" in refusal(assets.find, "dusk", fallback=False)
    assert not caplog.records


@pytest.mark.parametrize("fallback", [False, True])
def test_what_has_no_stand_in_is_unreachable(monkeypatch, fallback):
    know_dusk(monkeypatch, {"address": nobody()})
    refusal(assets.find, "dusk", fallback=fallback, kind=UnreachableError)
    refusal(assets.find, nobody(), fallback=fallback, kind=UnreachableError)


def test_nothing_stands_in_for_a_wrong_checksum(site, monkeypatch, caplog):
    know_dusk(monkeypatch, {"address": f"{site.page(PAGE)}#sha256={WRONG}"}, STAND_IN)
    assert "checksum" in refusal(assets.find, "dusk", fallback=True)
    assert not caplog.records


def test_a_source_that_can_be_reached_needs_no_stand_in(site, monkeypatch, caplog):
    know_dusk(monkeypatch, {"address": site.page(PAGE)}, STAND_IN)
    asset = assets.find("dusk")
    assert (asset.path.read_bytes(), asset.instead_of) == (PAGE, "")
    assert not caplog.records
