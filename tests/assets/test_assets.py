"""Find assets by name, path or address; downloads come from a server of the test."""

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
REPLACEMENT = {"bundled": "pictures/starry_night.jpg", "credit": "painted at home"}
PAGE = b"what is to be had " * 5000
RIGHT_SHA256, WRONG_SHA256 = hashlib.sha256(PAGE).hexdigest(), "0" * 64


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.requested.append(self.path)
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
        self.pages, self.requested, self.closing = {}, [], threading.Event()
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

    def handle_error(self, request: Any, client_address: Any) -> None: ...  # silent if the client hangs up


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
    monkeypatch.setattr(logging.getLogger("nst"), "propagate", True)  # another test may have disabled it
    caplog.set_level(logging.INFO, "nst")
    clear_function_caches()
    return tmp_path / "cache"


def clear_function_caches() -> None:
    assets._from_catalogue.cache_clear()
    assets._download.cache_clear()


def patch_catalogue(monkeypatch: pytest.MonkeyPatch, *sources: dict[str, str]) -> None:
    """Make `dusk` the only entry of the catalogue."""
    clear_function_caches()
    monkeypatch.setattr(assets, "catalogue", lambda: {"dusk": {"sources": list(sources)}})


def unreachable_address() -> str:
    """An address of a port where no server listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"https://127.0.0.1:{closed.getsockname()[1]}/page.jpg"


def error_message(call: Callable[..., Any], *args: Any, kind: type = InputError, **options: Any) -> str:
    """The message of the error that `call` raises; checks that it is one line."""
    with pytest.raises(InputError) as caught:
        call(*args, **options)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", assets.catalogue())
def test_every_catalogue_entry_has_a_pinned_address_or_a_readable_file(monkeypatch, name):
    entry = assets.catalogue()[name]
    assert entry["title"] and entry["sources"]
    for source in entry["sources"]:
        assert source["credit"]
        if "address" in source:
            assert re.fullmatch(r"https://[^#\s]+#sha256=[0-9a-f]{64}", source["address"])
        else:
            patch_catalogue(monkeypatch, source)
            assert read_image(assets.find("dusk").path).ndim == 4


@pytest.mark.parametrize("path", ["{home}/page.jpg", "~/page.jpg"])
def test_a_path_is_found(tmp_path, monkeypatch, path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "page.jpg").write_bytes(PAGE)
    asset = assets.find(path.format(home=tmp_path))
    assert (asset.path, asset.sha256, asset.instead_of) == (tmp_path / "page.jpg", RIGHT_SHA256, "")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("astronout", "did you mean 'astronaut'"),
        ("http://127.0.0.1/page.jpg", "https"),
        ("no/such/page.jpg", "no such file"),
        ("~no-such-user/page.jpg", "no-such-user"),
        ("page" * 99, "page"),
        *((path, path) for path in ["/proc/self/mem"] if Path(path).exists()),  # opens, but reading fails
    ],
)
def test_an_asset_that_cannot_be_found_is_refused(name, reason):
    assert reason in error_message(lambda: read_image(assets.find(name).path))


def test_a_redirected_address_is_downloaded_once(site, cache):
    site.page(PAGE, path="/there")
    url = site.page(status=302, Location="/there")
    assets.find(url)
    clear_function_caches()
    asset = assets.find(url)
    assert site.requested == ["/page.jpg", "/there"]
    assert list((cache / "pictures").iterdir()) == [asset.path]
    assert (asset.path.read_bytes(), asset.sha256, asset.source) == (PAGE, RIGHT_SHA256, url)


def test_a_corrupt_download_is_replaced(site, cache):
    cache.mkdir()
    (cache / "x.npz").write_bytes(b"spoiled")
    limits: dict[str, Any] = {"max_bytes": len(PAGE), "seconds": 60}  # exactly the size of the page
    path = download(site.page(PAGE), f"sha256:{RIGHT_SHA256}", cache, file_name="x.npz", **limits)
    assert (path, path.read_bytes()) == (cache / "x.npz", PAGE)


SHORT_LIMIT = {"seconds": 0.5}
UNREACHABLE = (UnreachableError, "cannot be reached")
FAILING_DOWNLOADS = {
    "wrong checksum": ([PAGE], {}, {"checksum": f"sha256:{WRONG_SHA256}"}, InputError, "checksum"),
    "too large": ([PAGE], {}, {"max_bytes": len(PAGE) - 1}, InputError, "larger than"),
    "404": ([PAGE], {"status": 404}, {}, *UNREACHABLE),
    "interrupted": ([PAGE], {"missing": 1}, {}, *UNREACHABLE),
    "silent": ([PAGE], {"missing": 1, "pause": 4}, SHORT_LIMIT, *UNREACHABLE),
    "in drops": ([b"."] * 40, {"pause": 0.1}, SHORT_LIMIT, *UNREACHABLE),
    "in gulps": ([PAGE] * 40, {"pause": 0.1}, SHORT_LIMIT, *UNREACHABLE),
}


@pytest.mark.parametrize(
    ("pieces", "page_options", "options", "kind", "reason"), FAILING_DOWNLOADS.values(), ids=FAILING_DOWNLOADS
)
def test_a_failed_download_leaves_no_file(site, cache, pieces, page_options, options, kind, reason):
    url, start = site.page(*pieces, **page_options), time.monotonic()
    limits = {"checksum": None, "max_bytes": 2**30, **options}
    message = error_message(download, url, folder=cache, kind=kind, **limits)
    assert url in message
    assert reason in message
    assert not list(cache.iterdir())
    assert time.monotonic() - start < 2.5


@pytest.mark.parametrize("start", [b"HTTP/1.1 100 Continue\r\n\r\n", b"X: 1\r\n"], ids=["100", "header"])
def test_the_limit_counts_from_the_start_of_the_request(site, cache, monkeypatch, start):
    def send_without_end(handler: Handler) -> None:
        handler.wfile.write(b"" if start.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n")
        while not site.closing.wait(0.02):
            handler.wfile.write(start)

    monkeypatch.setattr(Handler, "do_GET", send_without_end)
    begin = time.monotonic()
    error_message(download, site.root, None, cache, max_bytes=9, seconds=0.3, kind=UnreachableError)
    assert time.monotonic() - begin < 2
    assert not list(cache.iterdir())


def refuse_pages(path: Path, name: str) -> None:
    """A check as callers of `find` have it."""
    if path.read_bytes() == b"<html>":
        raise InputError(f"{name} is not a picture")


def test_a_reply_that_fails_its_check_is_not_kept(site, cache):
    url = site.page(b"<html>")
    assert error_message(assets.find, url, check=refuse_pages) == f"{url}: the reply is not a picture"
    assert not list((cache / "pictures").iterdir())
    site.page(PAGE)
    assert assets.find(url, check=refuse_pages).path.read_bytes() == PAGE


def test_a_bad_file_in_the_cache_is_named_and_replaced(site, cache, caplog):
    url = site.page(PAGE)
    entry = assets.find(url, check=refuse_pages).path
    entry.write_bytes(b"<html>")
    clear_function_caches()
    assert assets.find(url, check=refuse_pages).path.read_bytes() == PAGE
    assert f"{entry} is not a picture; it is downloaded again from {url}" in caplog.text


@pytest.mark.parametrize("checksum", [None, f"sha256:{RIGHT_SHA256}"])
def test_a_folder_in_place_of_a_file_in_the_cache_is_named(site, cache, checksum):
    (cache / "x.npz").mkdir(parents=True)
    limits: dict[str, Any] = {"max_bytes": len(PAGE), "file_name": "x.npz"}
    message = error_message(download, site.page(PAGE), checksum, cache, **limits)
    assert message.startswith(f"{cache / 'x.npz'} is a folder where {site.root}/page.jpg belongs")
    assert not site.requested


def test_a_file_name_in_the_cache_depends_on_user_and_query_but_not_on_the_password(site):
    site.page(PAGE, path="/page.jpg?token=1")
    site.page(PAGE, path="/page.jpg?token=2")
    users = [site.root.replace("//", f"//{user}@") for user in ("me:secret", "me:other", "you:other")]
    names = [assets.find(f"{user}/page.jpg?token={n}").path.name for user in users for n in (1, 2)]
    assert names[:2] == names[2:4]
    assert len(set(names)) == 4
    assert not [name for name in names if "token" in name or "secret" in name]


@pytest.mark.parametrize("through_http", [False, True], ids=["to http", "through http"])
def test_a_redirection_that_leaves_https_is_refused(site, cache, through_http):
    redirect_to_https = {"status": 302, "Location": site.page(PAGE, path="/there")}
    with Site(secure=False) as plain:
        http_address = plain.page(PAGE, **(redirect_to_https if through_http else {}))
        error_message(assets.find, site.page(status=302, Location=http_address))
    assert not plain.requested
    assert not list((cache / "pictures").iterdir())


@pytest.mark.parametrize("url", ["https://a..b/", f"https://{'a' * 64}/", "https://a:99999/", "https://[a/"])
def test_the_error_for_a_malformed_address_does_not_mention_a_checksum(url):
    with pytest.raises(InputError, match=re.escape(url)) as caught:
        assets.find(url)
    assert "checksum" not in str(caught.value)


def test_the_error_for_a_missing_ca_bundle_names_it(site, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle")
    assert "/no/such/bundle" in error_message(assets.find, site.page(PAGE))


def test_a_download_works_without_a_writable_cache(site, cache, caplog):
    cache.write_text("a file in the way")
    assert assets.find(site.page(PAGE)).path.is_file()
    assert f"{cache / 'pictures'} cannot be written" in caplog.text


@pytest.mark.parametrize("status", [None, 404])
def test_a_replacement_is_used_and_logged_once(site, monkeypatch, caplog, status):
    address = site.page(status=status) if status else unreachable_address()
    patch_catalogue(monkeypatch, {"address": address}, REPLACEMENT)
    asset = assets.find("dusk")
    assert assets.find("dusk") == asset
    assert (asset.instead_of, asset.credit, asset.path.name) == (address, "painted at home", "starry_night.jpg")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "painted at home" in caplog.text


def test_without_fallback_the_error_mentions_the_replacement(monkeypatch, caplog):
    patch_catalogue(monkeypatch, {"address": unreachable_address()}, REPLACEMENT)
    assert "bundled replacement" in error_message(assets.find, "dusk", fallback=False)
    assert not caplog.records


@pytest.mark.parametrize("fallback", [False, True])
def test_an_asset_without_a_replacement_is_unreachable(monkeypatch, fallback):
    patch_catalogue(monkeypatch, {"address": unreachable_address()})
    error_message(assets.find, "dusk", fallback=fallback, kind=UnreachableError)
    error_message(assets.find, unreachable_address(), fallback=fallback, kind=UnreachableError)


def test_a_wrong_checksum_is_an_error_despite_fallback(site, monkeypatch, caplog):
    patch_catalogue(monkeypatch, {"address": f"{site.page(PAGE)}#sha256={WRONG_SHA256}"}, REPLACEMENT)
    assert "checksum" in error_message(assets.find, "dusk", fallback=True)
    assert not caplog.records


def test_a_reachable_source_is_used_instead_of_its_replacement(site, monkeypatch, caplog):
    patch_catalogue(monkeypatch, {"address": site.page(PAGE)}, REPLACEMENT)
    asset = assets.find("dusk")
    assert (asset.path.read_bytes(), asset.instead_of) == (PAGE, "")
    assert not caplog.records
