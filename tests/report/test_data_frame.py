"""nst.report.frame: runs as a table of pandas."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import nst as library
from nst.errors import InputError
from tests.conftest import Outcome
from tests.report.test_report import STYLES, suite


def test_a_sweep_has_a_row_per_run_and_numeric_columns(nst: Callable[..., Outcome], tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    outcome = nst("-m", "loss.style.weight=2,20", "pyramid=single", f"sweep_dir={folder}")
    assert outcome.status == 0, outcome.err
    data = library.report.frame(folder)
    assert sorted(data["loss.style.weight"]) == [2, 20]
    assert set(data["status"]) == {"done"}
    assert data["style_distance"].dtype == float
    assert pd.api.types.is_datetime64_any_dtype(data["started"])
    assert all(path.is_file() for path in data["picture"])


def test_a_missing_folder_or_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=str(tmp_path)):
        library.report.frame(tmp_path)
    with pytest.raises(InputError, match="at least one folder"):
        library.report.frame()


def test_settings_can_be_compared_in_pandas(tmp_path: Path) -> None:
    suite(tmp_path, tags=["a", "b"], notes="why")
    data = library.report.frame(tmp_path)
    table = data.pivot_table("style_distance", "pair", "setting")
    assert table.shape == (len(STYLES), 2)
    assert all(table["style.weight=50"] < table["style.weight=5"])
    assert set(data["tags"]) == {"a, b"}
