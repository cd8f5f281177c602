"""`hydra.searchpath`: folders of the user's configs, checked, also for the names that `glob(...)` finds in a sweep."""

import copy
import re
import warnings
from typing import Any

from hydra._internal.config_repository import ConfigRepository

MISSING = r"provider=hydra\.searchpath.*, path=(.*) is not available"


def require() -> None:
    """Make Hydra's warning about a missing folder of the search path an error, which `about` describes."""
    warnings.filterwarnings("error", message=MISSING, category=UserWarning)


def about(message: str) -> str | None:
    """Describe the error of a missing folder with Hydra's `message`; None for another message."""
    missing = re.search(MISSING, message)
    kinds = "file://FOLDER, from the current folder, or pkg://PACKAGE"
    return f"hydra.searchpath: there is no folder or package {missing[1]}; write {kinds}" if missing else None


def extend(loader: Any, config: Any) -> None:
    """Let Hydra's config loader list the choices of `hydra.searchpath`, which it only composes by itself.

    Args:
        loader: Hydra's.
        config: of the sweep, Hydra's part included.
    """
    if not config.hydra.searchpath:
        return
    whole = copy.deepcopy(loader.config_search_path)
    schema = whole.get_path().pop(-1)
    for path in config.hydra.searchpath:
        whole.append("hydra.searchpath", path)
    whole.append(schema.provider, schema.path)
    loader.repository = ConfigRepository(whole)
