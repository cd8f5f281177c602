"""The runs of a sweep as a pandas table."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from nst.errors import InputError
from nst.report import table
from nst.report.runs import find

if TYPE_CHECKING:
    from pandas import DataFrame

log = logging.getLogger(__name__)


def frame(*folders: str | Path) -> "DataFrame":
    """Read the runs in `folders`, at any depth, into a table with one row per run.

    Args:
        folders: run folders, sweeps, or folders that contain them.

    Returns:
        A DataFrame with the run's name as index. Its columns are `status`; `setting`, `pair`, `seed`, `tags` and
        `notes`; every overridden setting, like `loss.style.weight`; metrics and figures, like `style_distance` and
        `seconds`; the losses of the last evaluation; `started`, `error`, `folder` and `picture`. A value that a run
        lacks is missing.

    Raises:
        InputError: no run is found, or pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise InputError("nst.report.frame needs pandas: python -m pip install pandas") from error
    runs, problems = find([Path(folder) for folder in folders])
    if not runs:
        raise InputError("; ".join(problems) or "name at least one folder of runs")
    for problem in problems:
        log.warning("%s", problem)
    paths = [{"folder": run.folder, "picture": run.picture} for run in runs]
    data = pd.DataFrame([row | more for row, more in zip(table.rows(runs), paths, strict=True)]).set_index("run")
    return data.assign(started=pd.to_datetime(data["started"], errors="coerce"))
