"""The fuzzer's readers accept their seeds, and its command reports what it finds."""

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import PngImagePlugin

import fuzz
from fuzz_readers import READERS
from nst.errors import InputError


@pytest.mark.parametrize("name", READERS)
def test_seeds_are_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PngImagePlugin.ChunkStream, "crc", PngImagePlugin.ChunkStream.crc)  # restored afterwards
    monkeypatch.setattr(zipfile.ZipExtFile, "_update_crc", zipfile.ZipExtFile._update_crc)  # pyright: ignore[reportAttributeAccessIssue]
    reader = READERS[name]()
    reader.prepare(tmp_path)
    seeds = reader.seeds()
    refused = 0
    for seed in seeds:
        try:
            reader.read(seed)
        except InputError:
            refused += 1
    assert refused < len(seeds), "no seed reaches the reader's end"


def test_without_atheris_the_command_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert fuzz.main(["pictures", "1", "--keep", str(tmp_path)]) == 2
    assert "pip install 'nst[fuzz]'" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(("body", "status"), [("pass", 0), ("raise KeyError", 1), ("time.sleep(60)", 1)])
def test_the_command_fails_on_crashes_and_hangs(
    tmp_path: Path, body: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a copy of the script with a reader that crashes or hangs."""
    pytest.importorskip("atheris")
    script = (
        Path(fuzz.__file__).read_text(encoding="utf-8").replace("SECONDS, MIB, BYTES = 10", "SECONDS, MIB, BYTES = 2")
    )
    (tmp_path / "fuzz.py").write_text(script)
    (tmp_path / "fuzz_readers.py").write_text(
        "import time\n"
        "class Reader:\n"
        "    def seeds(self): return [b'x']\n"
        "    def prepare(self, folder): pass\n"
        f"    def read(self, data): {body}\n"
        "READERS = {'own': Reader}\n"
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import fuzz; sys.exit(fuzz.main(['own', '3']))"
    monkeypatch.chdir(tmp_path)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == status
