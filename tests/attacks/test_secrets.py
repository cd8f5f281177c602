"""Addresses with secrets: no byte that a run, a sweep, a search, a repeat or a report leaves behind contains one."""

import base64
import contextlib
import hashlib
import io
import json
import re
import shutil
import socket
import sqlite3
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from nst.assets import find as assets
from nst.image.texts import packet
from nst.report.__main__ import main as report_main
from tests.attacks.server import Server, reply
from tests.conftest import Held, Outcome, only_run

pytestmark = pytest.mark.slow

Command = Callable[..., Outcome]
USER, PASSWORD, TOKEN, OTHER = "ursula.k", "hunter/2 'é?\"", "Zm9v+YmFy/Q==", "tok-5a5a-other"
STORED = "storage-pass-77"
NEVER = {"user": USER, "password": PASSWORD, "token": TOKEN, "other token": OTHER, "storage": STORED}
SMALL = ("size=48", "steps=2", "pyramid=single", "observers.tensorboard.images=2")


class Site(NamedTuple):
    """Pictures behind a password and a token."""

    root: str

    def address(self, name: str, token: str = TOKEN) -> str:
        user = f"{USER}:{urllib.parse.quote(PASSWORD, safe='')}"
        query = urllib.parse.urlencode({"sig": token, "list": "1,2"}, safe=",/+")
        return f"https://{user}@{self.root}/{name}.png?{query}"

    def given(self, key: str, name: str, *tokens: str) -> str:
        return f"{key}=" + ",".join(f"'{self.address(name, token)}'" for token in tokens or (TOKEN,))


@pytest.fixture
def site(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    passwords = [base64.b64encode(f"{USER}:{PASSWORD}".encode(code)).decode() for code in ("utf-8", "latin-1")]

    def behave(connection: socket.socket, request: str, _server: Server) -> None:
        name, query = re.findall(r"GET /(\w+)\.png\?(\S+) ", request)[0]
        allowed = "sig=" in query and any(f"Basic {password}" in request for password in passwords)
        file = pictures / f"{name}.png"
        if allowed and file.is_file():
            reply(connection, file.read_bytes())
        else:
            reply(connection, b"no", "403 Forbidden")

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", Server.trust(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("NST_OFFLINE", raising=False)
    assets._download.cache_clear()
    with Server(behave) as server:
        yield Site(server.root)


def spellings(site: Site) -> dict[bytes, str]:
    """{bytes that must not appear: name}: every secret, raw, encoded and hashed."""
    found: dict[bytes, str] = {}
    for name, secret in NEVER.items():
        quoted = [urllib.parse.quote(secret, safe=safe) for safe in ("", "/", ",/+", ",/+=")]
        for text in (secret, *quoted, urllib.parse.quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]):
            found[text.encode()] = name
        for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256):
            found[digest(secret.encode()).hexdigest()[:8].encode()] = f"a hash of the {name}"
    found[base64.b64encode(f"{USER}:{PASSWORD}".encode())] = "the header of the password"
    for token in (TOKEN, OTHER):
        for address in (site.address("content", token), site.address("style", token)):
            for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256):
                found[digest(address.encode()).hexdigest()[:8].encode()] = "a hash of an address"
    return found


def unpacked(data: bytes) -> Iterator[bytes]:
    """`data`, every zlib stream in the text chunks of a PNG file, and every packed text of an XMP packet."""
    yield data
    for packed in re.findall(rb"<nst:\w+>([^<]*)<", data):
        yield zlib.decompress(base64.b64decode(packed))
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return
    at = 8
    while at < len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        chunk = data[at + 8 : at + 8 + length]
        for start in range(len(chunk)) if kind in (b"iTXt", b"zTXt", b"iCCP") else ():
            with contextlib.suppress(zlib.error):
                yield zlib.decompress(chunk[start:])
                break
        at += 12 + length


def search(site: Site, folder: Path, *said: str) -> tuple[int, int]:
    """Search every name and every byte below `folder`, and `said`; return the numbers of files and of bytes."""
    needles, files, size = spellings(site), 0, 0
    texts = [(f"output {index}", text.encode(errors="replace")) for index, text in enumerate(said)]
    for path in folder.rglob("*"):
        texts.append((str(path), str(path.relative_to(folder)).encode()))
        if path.is_file() and path.name != "ca.pem":
            texts += [(str(path), part) for part in unpacked(path.read_bytes())]
            files += 1
    for where, text in texts:
        size += len(text)
        leaks = sorted({name for needle, name in needles.items() if needle in text})
        assert not leaks, f"{where} contains {leaks}"
    return files, size


def line(what: str, found: tuple[int, int]) -> str:
    return f"{what}: {found[0]} files, {found[1]} bytes: no secret"


def test_a_search_finds_a_planted_secret(site: Site, tmp_path: Path) -> None:
    """In every place and spelling; else the other tests prove nothing."""
    from PIL import Image, PngImagePlugin

    text = PngImagePlugin.PngInfo()
    text.add_itxt("nst.config", site.address("content"), zip=True)
    png = io.BytesIO()
    Image.new("L", (2, 2)).save(png, "png", pnginfo=text)
    jpg = io.BytesIO()
    Image.new("L", (2, 2)).save(jpg, "jpeg", xmp=packet({"nst.config": site.address("content")}))
    planted = [
        png.getvalue(),
        jpg.getvalue(),
        *spellings(site),
        yaml.safe_dump({"a": site.address("style", OTHER)}).encode(),
    ]
    for number, data in enumerate(planted):
        (tmp_path / "planted").write_bytes(b"before " * (number > 0) + data + b" after")
        with pytest.raises(AssertionError, match="contains"):
            search(site, tmp_path)
        (tmp_path / "planted").unlink()
    with pytest.raises(AssertionError, match="contains"):
        search(site, tmp_path, f"nst: {site.address('content')} cannot be reached")


def test_a_run_and_its_repetition_hold_no_secret(
    nst: Command, repeat_command: Command, site: Site, tmp_path: Path, held: Held
) -> None:
    both = (site.given("content.image", "content"), site.given("style.image", "style"))
    first = nst(*SMALL, *both, "output.formats=[jpg,webp,tiff]")
    assert first.status == 0, first.err
    run = only_run()
    assert run.name.endswith("_content_style")
    record = json.loads((run / "result.json").read_text())
    shown = f"https://***@{site.root}/content.png?***"
    assert record["provenance"]["pictures"]["content"]["source"] == shown
    assert yaml.safe_load((run / "config.yaml").read_text())["content"]["image"] == shown
    shutil.move(run, "run")
    refused = repeat_command("run/result.png")
    assert refused.status == 2
    assert refused.err.count("\n") == 1
    assert f"content.image: {shown} lacks its user name, password or query" in refused.err
    other = [site.given("content.image", "content", OTHER), both[1]]
    again = repeat_command("run/result.png", *other)
    assert again.status == 0, again.err
    (done,) = [path for path in Path("outputs").glob("*/result.json") if "metrics" in json.loads(path.read_text())]
    assert json.loads(done.read_text())["identity"] == record["identity"]  # with another token, but the same picture
    reported = report_main(["run", "outputs"])
    assert reported == 0
    said = (first.out, first.err, refused.out, refused.err, again.out, again.err)
    held(line("a run, its repetition and their report", search(site, tmp_path, *said)))


@pytest.mark.parametrize("launcher", ["basic", "nst_joblib", "nst_slurm"])
def test_a_sweep_holds_no_secret_and_keeps_queries_apart(
    nst: Command, site: Site, tmp_path: Path, launcher: str, held: Held
) -> None:
    if launcher == "nst_slurm":
        pytest.importorskip("submitit")
    local = ("hydra.launcher.cluster=local", "hydra.launcher.poll_interval=1") if launcher == "nst_slurm" else ()
    outcome = nst(
        "-m",
        *SMALL,
        site.given("content.image", "content", TOKEN, OTHER),
        site.given("style.image", "style"),
        "seed=1,2" if launcher == "basic" else "seed=1",
        f"hydra/launcher={launcher}",
        *local,
    )
    assert outcome.status == 0, outcome.err
    (sweep,) = Path("outputs/sweeps").iterdir()
    assert len(list(sweep.glob("*/result.png"))) == (4 if launcher == "basic" else 2)
    assert (sweep / "multirun.yaml").is_file()
    assert (sweep / "report" / "index.html").is_file()
    held(line(f"a sweep ({launcher})", search(site, tmp_path, outcome.out, outcome.err)))


def test_a_search_holds_no_secret(nst: Command, site: Site, tmp_path: Path, held: Held) -> None:
    storage = f"hydra.sweeper.storage='sqlite:///file:trials.db?uri=true&key={STORED}'"
    settings = ("hydra/sweeper=nst_optuna", "hydra.sweeper.sampler=random", "hydra.sweeper.prune={every:1}", storage)
    choices = site.given("content.image", "content", TOKEN, OTHER)
    for total in (2, 3):
        outcome = nst(
            "-m",
            *SMALL,
            *settings,
            "sweep_dir=found",
            f"hydra.sweeper.n_trials={total}",
            choices,
            site.given("style.image", "style"),
        )
        assert outcome.status == 0, outcome.err
        held(line("a search", search(site, tmp_path, outcome.out, outcome.err)))
    with contextlib.closing(sqlite3.connect("trials.db")) as database:
        assert database.execute("select count(*) from trials").fetchone() == (3,)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda site: site.given("content.image", "missing"), "cannot be reached (status 403)"),
        (lambda site: site.given("content.image", "content").replace("https", "http"), "only https addresses"),
        (lambda site: site.given("content.image", "content").replace("https", "ftp"), "only https addresses"),
        (lambda site: site.given("content.image", "content").replace("https://", "https:/"), "there is no such file"),
        (lambda site: f"content.image='{site.address('content')}#{OTHER}'", "the part after #"),
        (lambda site: f"content.image='{site.address('content')}#sha256={'0' * 64}'", "checksum"),
        (lambda site: f"content.image={site.address('content')}", ""),
        (lambda site: f"content.image='{site.address('content').replace('127', '[127')}'", "not a valid address"),
        (lambda site: f"content={site.address('content').partition('?')[0]}", "there is no content="),
        (lambda site: f"content.imag='{site.address('content')}'", "'content.imag' is unknown"),
        (lambda site: f"seed='{site.address('content')}'", "seed"),
        (lambda site: f"hydra.sweeper.storage='postgresql://{USER}:{STORED}@127.0.0.1:1/x'", "cannot be used"),
    ],
    ids=range(12),
)
def test_a_refusal_holds_no_secret(
    nst: Command, site: Site, tmp_path: Path, make: Callable[[Site], str], message: str, held: Held
) -> None:
    searching = ("-m", "hydra/sweeper=nst_optuna", "sweep_dir=found", "size=range(64,72)")
    outcome = nst(*SMALL, make(site), *(searching if "storage" in make(site) else ()))
    assert outcome.status == 2
    assert message in outcome.err
    assert outcome.err.count("\n") == 1
    held(line(f"a refusal ({message})", search(site, tmp_path, outcome.out, outcome.err)))
