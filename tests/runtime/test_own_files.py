"""Temporary names, files that are set aside, and locks: nothing of other people's is followed or deleted."""

import errno
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest
from filelock import lock_descriptor

from nst.runtime import lock, own_files, system
from nst.runtime.atomic import atomic, remove_left, temporary
from nst.runtime.lock import BusyError, Held
from nst.runtime.regular import open_regular
from tests.conftest import ROOT


def test_only_ones_own_temporary_files_in_the_folder_itself_are_removed(tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    others = [tmp_path / ".report.pdf.part", tmp_path / "a.nst-part", below / temporary(tmp_path / "x").name]
    folder = temporary(tmp_path / "folder")
    folder.mkdir()
    own = temporary(tmp_path / "result.png")
    for path in (*others, own):
        path.touch()
    remove_left(tmp_path)
    assert all(path.exists() for path in (*others, folder))
    assert not own.exists()


def test_a_temporary_name_of_a_long_name_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / ("ö" * 120 + ".png")
    with atomic(path) as part:
        part.touch()
    assert path.exists()


def test_an_atomic_write_replaces_a_link_and_keeps_a_folder(tmp_path: Path) -> None:
    outside, link, folder = (tmp_path / name for name in ("outside", "link", "folder"))
    outside.write_text("outside")
    link.symlink_to(outside)
    folder.mkdir()
    (folder / "mine").touch()
    for path in (link, folder):
        with atomic(path) as part:
            part.write_text("new")
        assert (path.read_text(), path.is_symlink()) == ("new", False)
    assert outside.read_text() == "outside"
    assert (tmp_path / "folder.set-aside" / "mine").exists()


@pytest.mark.timeout(10)
def test_only_regular_files_of_a_bounded_size_are_read(tmp_path: Path) -> None:
    file, link, pipe = (tmp_path / name for name in ("file", "link", "pipe"))
    file.write_bytes(b"12345")
    link.symlink_to(file)
    os.mkfifo(pipe)
    with open_regular(file, 5, follow=False) as opened:
        assert opened.read() == b"12345"
    for path, most in ((link, 5), (pipe, 5), (tmp_path, 5), (tmp_path / "none", 5), (file, 4)):
        with pytest.raises(OSError):
            open_regular(path, most, follow=False)
    assert not lock.held(pipe)


@pytest.mark.parametrize(("windows", "failures", "replaced"), [(True, 2, True), (True, 1000, False), (False, 2, False)])
def test_on_windows_a_file_that_is_open_elsewhere_is_replaced_once_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, windows: bool, failures: int, replaced: bool
) -> None:
    path, replace, refused = tmp_path / "result.png", os.replace, []

    def open_elsewhere(part: Path, target: Path) -> None:
        if len(refused) < failures:
            refused.append(part)
            raise PermissionError(errno.EACCES, "it is being used by another process", str(target))
        replace(part, target)

    path.write_text("old")
    monkeypatch.setattr(system, "WINDOWS", windows)
    monkeypatch.setattr("nst.runtime.atomic.PATIENCE", 0.2)
    monkeypatch.setattr(os, "replace", open_elsewhere)
    with nullcontext() if replaced else pytest.raises(PermissionError), atomic(path) as part:
        part.write_text("new")
    assert path.read_text() == ("new" if replaced else "old")
    assert [file.name for file in tmp_path.iterdir()] == ["result.png"]


def test_a_lock_is_free_for_all_who_only_test_it(tmp_path: Path) -> None:
    path = tmp_path / lock.NAME
    path.touch()
    with ThreadPoolExecutor(8) as threads:
        assert not any(threads.map(lock.held, [path] * 64))
    path.chmod(0o444)
    assert not lock.held(path)
    held = Held(path)
    assert lock.held(path)
    held.release()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / lock.NAME
    code = f"from pathlib import Path\nfrom nst.runtime.lock import Held\nheld = Held(Path({str(path)!r}))\n"
    code += "print(1, flush=True)\ninput()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, cwd=ROOT) as process:
        assert process.stdout
        assert process.stdout.readline()
        assert lock.held(path)
        process.kill()
        process.wait(20)
    assert not lock.held(path)
    Held(path).release()


def test_names_of_what_is_set_aside_are_not_used_twice(tmp_path: Path) -> None:
    path = tmp_path / "file"
    names = []
    for _ in range(3):
        path.touch()
        names.append(own_files.set_aside(path, "it is broken").name)
    assert names == ["file.set-aside", "file.set-aside1", "file.set-aside2"]


def test_a_lock_that_was_removed_and_taken_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / lock.NAME
    first = Held(path)
    first.check()
    with pytest.raises(BusyError, match="another process is writing"):
        Held(path)
    path.unlink()
    second = Held(path)
    second.check()
    with pytest.raises(BusyError, match="another process has taken this folder"):
        first.check()
    second.release()
    with pytest.raises(BusyError):  # the other process may have written since
        first.check()
    first.release()


def test_a_lock_that_was_removed_is_locked_again(tmp_path: Path) -> None:
    path = tmp_path / lock.NAME
    held = Held(path)
    path.unlink()
    held.check()
    held.check()
    assert lock.held(path)
    held.release()


def test_a_lock_file_that_was_replaced_before_it_was_locked_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, calls = tmp_path / lock.NAME, []

    def replaced(number: int, *, blocking: bool) -> bool:
        if not calls:  # another process removes the file between its opening and its lock
            path.unlink()
        calls.append(number)
        return lock_descriptor(number, blocking=blocking)

    monkeypatch.setattr(lock, "lock_descriptor", replaced)
    held = Held(path)
    held.check()
    held.release()
    assert len(calls) == 2


def test_a_link_in_place_of_the_lock_file_is_not_followed(tmp_path: Path) -> None:
    outside, path = tmp_path / "outside", tmp_path / lock.NAME
    outside.write_text("mine")
    path.symlink_to(outside)
    Held(path).release()
    assert outside.read_text() == "mine"
    assert (tmp_path / ".lock.set-aside").is_symlink()


def test_a_full_disk_prints_nothing_for_a_log_line(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from nst.runtime import logs

    handler = logs._ToFile(tmp_path / "run.log")
    handler.stream.close()
    handler.stream = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115
    handler.emit(logging.LogRecord("nst", logging.INFO, "", 0, "text\n", (), None))
    handler.close()
    assert capfd.readouterr().err == ""
