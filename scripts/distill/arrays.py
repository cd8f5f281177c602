"""Read `.npz` files, with one-line errors."""

import zipfile
from pathlib import Path

import numpy as np

from nst.errors import InputError


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """{name: array} of an `.npz` file.

    Raises:
        InputError: the file is missing, damaged or of another kind.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    try:
        with path.open("rb") as opened, np.load(opened) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is not an .npz file of arrays, or is damaged") from error
