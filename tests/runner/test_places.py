"""Runs where a machine lacks something: a home folder, streams, space, a writable disk, names in UTF-8."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nst.cli.recipe import read
from nst.image.io import read_image
from nst.report.write import report
from tests.conftest import ROOT, Outcome

Command = Callable[..., Outcome]
SMALL = ["extractor=vgg19_slim", "metrics.network=own", "size=64", "steps=2", "pyramid=single"]
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
BOX = """
set -e
mount --bind "$0/results" "$0/results"
mount --bind "$0/tmp" "$0/tmp"
mount -o remount,bind,ro /
exec unshare --user --map-user=12345 --map-group=12345 "$@"
"""
CLEAN = ("HOME", "USER", "LOGNAME", "NST_CACHE", "KERAS_HOME", "XDG_CACHE_HOME", "TMPDIR")


def namespaces() -> str:
    """Why this machine cannot make a place of its own for a process; empty if it can."""
    if shutil.which("unshare") is None:
        return "there is no unshare"
    command = [*NAMESPACE, "sh", "-c", "mount -t tmpfs x /mnt && unshare --user --map-user=12345 true"]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    return tried.stderr.strip()


needs_namespaces = pytest.mark.skipif(bool(namespaces()), reason=f"no user namespaces: {namespaces()}")


def arguments(pictures: Path, *more: str) -> list[str]:
    names = [f"content.image={pictures / 'content.png'}", f"style.image={pictures / 'style.png'}"]
    return [sys.executable, "-m", "nst.run", *names, *SMALL, *more]


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in CLEAN}
    return {**kept, "PYTHONPATH": str(ROOT), "NST_OFFLINE": "1", **changes}


@needs_namespaces
def test_a_run_in_a_container_ends_with_its_picture(pictures: Path, tmp_path: Path) -> None:
    """No home folder, an unknown user, a read-only root except for two folders, no terminal, no input."""
    for name in ("results", "tmp"):
        (tmp_path / name).mkdir()
    command = [*NAMESPACE, "sh", "-c", BOX, str(tmp_path), *arguments(pictures, f"output.folder={tmp_path}/results")]
    done = subprocess.run(
        command,
        cwd="/",
        env=environment(TMPDIR=str(tmp_path / "tmp")),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert read_image(tmp_path / "results" / "latest.png").shape == (1, 51, 64, 3)
    assert not list((tmp_path / "tmp").iterdir())


@needs_namespaces
def test_a_finished_run_on_a_read_only_mount_is_done(pictures: Path, tmp_path: Path) -> None:
    command = arguments(pictures, f"hydra.run.dir={tmp_path}/run")
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
    mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    read_only = [*NAMESPACE, "sh", "-c", mount, str(tmp_path / "run"), *command]
    done = subprocess.run(read_only, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "this run is done already" in done.stdout


@needs_namespaces
@pytest.mark.parametrize("limit", ["size=40k", "nr_inodes=4", "nr_inodes=7"])
def test_a_full_disk_is_one_line(pictures: Path, tmp_path: Path, limit: str) -> None:
    mount = f'mount -t tmpfs -o {limit} x "$0" && exec "$@"'
    full = [*NAMESPACE, "sh", "-c", mount, str(tmp_path), *arguments(pictures, f"output.folder={tmp_path}")]
    done = subprocess.run(full, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "cannot be created or written (No space left on device); choose another output.folder=..." in done.stderr
    assert "nst-part" not in done.stderr


@needs_namespaces
def test_a_missing_folder_for_temporary_files_is_one_line(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro / && cd / && exec "$@"'
    command = arguments(pictures, f"hydra.run.dir={tmp_path}/run")
    done = subprocess.run(
        [*NAMESPACE, "sh", "-c", mount, str(tmp_path / "run"), *command],
        env=environment(HOME="/", NST_CACHE="/none"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "set TMPDIR to one that can" in done.stderr
    assert not list((tmp_path / "run").iterdir())


@pytest.mark.parametrize("closed", ["2>&-", ">&-", ">&- 2>&- <&-", "> /dev/full"])
def test_a_run_with_closed_streams_ends_done(pictures: Path, tmp_path: Path, closed: str) -> None:
    command = arguments(pictures, f"hydra.run.dir={tmp_path}/run")
    done = subprocess.run(["/bin/sh", "-c", f'exec "$0" "$@" {closed}', *command], cwd=ROOT, check=False, stdin=0)
    assert done.returncode == 0
    assert json.loads((tmp_path / "run" / "result.json").read_text())["status"] == "done"
    for path in (tmp_path / "run").iterdir():  # no output of a stream in a file that took its number
        assert b"oneDNN" not in path.read_bytes()


def test_a_reader_that_has_gone_leaves_the_exit_status(pictures: Path, tmp_path: Path) -> None:
    command = arguments(pictures, f"hydra.run.dir={tmp_path}/run")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("module", ["nst.run", "nst.repeat", "nst.report", "nst.measure"])
def test_a_current_folder_that_was_deleted_is_one_line(tmp_path: Path, module: str) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'cd "$0" && rmdir "$0" && exec "$1" -m {module} {"/" if module != "nst.run" else "steps=2"}'
    done = subprocess.run(
        ["/bin/sh", "-c", script, str(gone), sys.executable],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "the current folder cannot be used" in done.stderr


def test_names_that_are_not_utf_8_do_not_lose_a_run(nst: Command, pictures: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"b\xe9ld")
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(pictures / "content.png", folder / f"{name}.png")
    run = [f"content.image='{folder / name}.png'", "output.bits=8"]
    outcome = nst(*run, f"hydra.run.dir='{folder / 'run'}'")
    assert (outcome.status, outcome.err) == (0, "")
    assert read_image(folder / "run" / "result.png").shape == (1, 64, 80, 3)
    assert "done already" in nst(*run, f"hydra.run.dir='{folder / 'run'}'").out
    assert report([folder]).problems == []
    for source in (folder / "run", folder / "run" / "result.png"):
        assert read(source).config["content"]["image"] == f"{folder / name}.png"


@pytest.mark.parametrize("encoding", [{}, {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_a_run_in_the_c_locale_reads_and_prints_any_name(
    pictures: Path, tmp_path: Path, encoding: dict[str, str]
) -> None:
    shutil.copy(pictures / "content.png", tmp_path / "größe.png")
    command = arguments(pictures, f"content.image='{tmp_path / 'größe.png'}'", f"hydra.run.dir={tmp_path / 'run'}")
    done = subprocess.run(
        [os.fsencode(part) for part in command],
        cwd=ROOT,
        env={**os.environ, "LC_ALL": "C", **encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert read_image(tmp_path / "run" / "result.png").shape == (1, 51, 64, 3)
