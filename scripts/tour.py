"""Execute docs/tour.ipynb in an empty folder and store its outputs in it:

python scripts/tour.py
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parents[1] / "docs" / "tour.ipynb"


def main() -> int:
    """Execute the notebook; it is written only if every cell succeeds."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = executed(Path(folder))
    nbformat.write(notebook, NOTEBOOK)
    print(NOTEBOOK)
    return 0


def read() -> Any:
    """Return the notebook as it is stored."""
    return nbformat.read(NOTEBOOK, as_version=4)


def executed(folder: Path) -> Any:
    """Return the notebook with the outputs of an execution in `folder`.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails.
    """
    notebook = read()
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # for its `!python`
    NotebookClient(
        notebook, timeout=600, record_timing=False, coalesce_streams=True, resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


if __name__ == "__main__":
    sys.exit(main())
