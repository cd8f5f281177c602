"""Errors of files: the line names the setting of a folder that nst cannot write, and the file of another one."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

Command = Callable[..., Outcome]

MODULE = "def make(**settings):\n    open({path!r})\n"


@pytest.mark.parametrize("place", ["me.jpg", "me.jpg/inside"])
@pytest.mark.parametrize(
    ("flags", "setting"),
    [
        ([], "hydra.run.dir"),
        ([], "++hydra.run.dir"),
        ([], "output.folder"),
        (["-m"], "sweep_dir"),
        (["-m"], "hydra.sweep.dir"),
        (["-m"], "output.folder"),
    ],
)
def test_a_folder_that_cannot_be_made_names_the_setting_that_was_given(
    nst: Command, flags: list[str], setting: str, place: str
) -> None:
    Path("me.jpg").write_text("a file, not a folder")
    outcome = nst(*flags, f"{setting}={place}")
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert outcome.err.startswith("nst: ")
    assert "me.jpg" in outcome.err
    assert outcome.err.endswith(f"choose another {setting.lstrip('+')}=...\n")
    assert Path("me.jpg").read_text() == "a file, not a folder"


@pytest.mark.parametrize("path", ["/nowhere/data.txt", "data.txt", "/proc"])
def test_a_file_that_a_persons_own_module_opens_is_not_called_a_folder(
    nst: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    (tmp_path / "own_module.py").write_text(MODULE.format(path=path))
    (tmp_path / "mine" / "optimizer").mkdir(parents=True)
    (tmp_path / "mine" / "optimizer" / "own.yaml").write_text("_target_: own_module.make\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_module", raising=False)
    outcome = nst("--config-dir=mine", "optimizer=own")
    assert (outcome.status, outcome.err.count("\n")) == (1, 1)
    assert f"{path}: " in outcome.err
    assert "(traceback: " in outcome.err
    assert "output.folder" not in outcome.err
