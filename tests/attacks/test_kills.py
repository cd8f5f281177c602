"""A run killed at any instant: the same command ends done, with the same pixels."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nst.image.io import read_image
from tests.conftest import ROOT, Held

KILLS = 20
OPTIONS = [
    *("extractor=vgg19_slim", "metrics.network=own", "size=40", "steps=12", "pyramid=single", "checkpoint=0.0001"),
    *("observers.snapshots.every=3", "observers.console=null", "output.formats=[jpg]", "threads=1"),
]


@pytest.mark.slow
def test_a_run_killed_at_any_instant_ends_with_the_same_pixels(pictures: Path, tmp_path: Path, held: Held) -> None:
    overrides = [f"content.image={pictures / 'content.png'}", f"style.image={pictures / 'style.png'}", *OPTIONS]
    command = [sys.executable, "-m", "tests.attacks.kill_and_repeat", str(tmp_path), str(KILLS), "20", *overrides]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line.split() for line in done.stdout.splitlines() if line[:1].isdecimal()]
    assert (len(lines), "Traceback" in done.stderr) == (KILLS, False), done.stderr
    assert {line[2] for line in lines} == {"0"}, done.stdout
    killed = sum(line[1] == str(-signal.SIGKILL) for line in lines)
    expected = read_image(tmp_path / "whole" / "result.png")
    for number in range(KILLS):
        folder = tmp_path / str(number)
        assert json.loads((folder / "result.json").read_text())["status"] == "done"
        assert not list(folder.rglob("*.nst-part"))
        np.testing.assert_array_equal(read_image(folder / "result.png"), expected)
    held(f"{KILLS} kills, {killed} before the end of the run: all held")
    assert killed > KILLS / 2
