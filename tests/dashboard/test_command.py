"""python -m nst.watch: its line, its errors and its end."""

import http.client
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nst import watch
from tests.conftest import ROOT
from tests.dashboard.conftest import Start


def not_ignored() -> None:
    """Undo that a shell starts commands in the background with Ctrl-C ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_signal_ends_it_at_once_also_with_an_open_stream(
    start: Start, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    start()
    command = [sys.executable, "-m", "nst.watch", str(tmp_path), "--port", "0"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, preexec_fn=not_ignored, **pipes) as process:
        try:
            assert process.stdout
            assert process.stderr
            line = process.stdout.readline()
            found = re.fullmatch(r".* is shown at http://127\.0\.0\.1:(\d+)/ until Ctrl-C\n", line)
            assert found, line
            connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=20)
            connection.request("GET", "/events")
            assert connection.getresponse().readline() == b"retry: 1000\n"
            began = time.monotonic()
            process.send_signal(number)
            assert process.wait(20) == status
            assert time.monotonic() - began < 10
            assert process.stderr.read() == ""
            connection.close()
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nowhere"], "nst: nowhere: there is no such folder\n"),
        (["runz"], "nst: runz: there is no such folder; did you mean 'runs'?\n"),
        ([], "nst: outputs: there is no such folder\n"),
        (["file"], "nst: file is a file; name the folder of a run, of a sweep, or one that contains them\n"),
        (["runs", "--port", "70000"], "nst: --port must be at most 65535, not 70000\n"),
        (["runs", "--port", "-1"], "nst: --port must be at least 0, not -1\n"),
        (["runs", "--opne"], "nst: there is no option --opne; did you mean '--open'?\n"),
    ],
)
def test_bad_arguments_are_one_line(
    arguments: list[str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    Path("file").touch()
    try:
        status = watch.main(arguments)
    except SystemExit as exit_:
        status = exit_.code
    assert (status, capfd.readouterr().err) == (2, line)


def test_open_opens_the_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def look(_: float) -> None:
        if opened:
            raise KeyboardInterrupt
        time.monotonic()

    monkeypatch.setattr(watch.webbrowser, "open", opened.append)
    monkeypatch.setattr(watch.time, "sleep", look)
    assert watch.main([str(tmp_path), "--port", "0", "--open"]) == 130
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", opened[0])
