"""Only regular files of a bounded size are opened."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from nst.assets.cache import sha256
from nst.errors import InputError
from nst.runtime.regular import MOST_BYTES, UnfitError, open_input, open_regular


def bind_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))  # a socket's path is at most about 100 characters


def too_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)


SPECIAL: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder": (Path.mkdir, "it is a folder, not a file"),
    "pipe": (os.mkfifo, "it is a pipe, not a file"),
    "link to a device": (lambda path: path.symlink_to("/dev/zero"), "it is a device, not a file"),
    "socket": (bind_socket, "it is a socket, not a file"),
    "large": (too_large, "it has 1024 MiB; at most 1024 MiB are read"),
}


@pytest.fixture
def special(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> tuple[Path, str]:
    monkeypatch.chdir(tmp_path)
    make, message = SPECIAL[request.param]
    make(tmp_path / "a")
    return tmp_path / "a", message


@pytest.mark.timeout(20)
@pytest.mark.parametrize("special", SPECIAL, indirect=True)
def test_anything_else_is_refused_before_it_is_opened(special: tuple[Path, str]) -> None:
    path, message = special
    with pytest.raises(InputError) as caught:
        open_input(path, "mine")
    assert str(caught.value) == f"mine: {message}"
    with pytest.raises(UnfitError):
        sha256(path)


@pytest.mark.timeout(20)
def test_a_path_that_changes_after_the_first_check_is_checked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regular, pipe = tmp_path / "regular", tmp_path / "pipe"
    regular.write_text("x")
    os.mkfifo(pipe)
    state = regular.stat()
    monkeypatch.setattr(os, "stat", lambda *_, **__: state)
    with pytest.raises(UnfitError, match="is a pipe"):
        open_regular(pipe)


@pytest.mark.parametrize(
    ("name", "message"),
    [("none", "there is no such file"), ("null\0byte", "cannot be opened"), ("a" * 300, "cannot be opened")],
)
def test_a_path_that_cannot_be_opened_is_one_line(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_input(tmp_path / name, "mine")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(InputError, match="mine is an empty file"):
        open_input(tmp_path / "a", "mine")


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    os.mkfifo(tmp_path / "pipe")
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0  # noqa: PTH208
    for name in ("a", "pipe", "none"):
        with pytest.raises(InputError):
            open_input(tmp_path / name, "mine")
    if before:
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
