"""The command that resumes a run or a sweep, and what a sweep records of its own command for that."""

from pathlib import Path
from typing import Any

from nst.redaction import redacted_override
from nst.runner.request import as_given
from nst.runtime import shell

OF_THE_FOLDER = ("sweep_dir", "hydra.sweep.dir", "hydra.run.dir", "hydra.mode")
"""The keys that a resumed sweep does not take from its record: the folder itself says them."""


def line(folder: Path, hydra: Any) -> str:
    """The command that resumes the run or the sweep in `folder`, for a shell.

    Args:
        folder: its folder.
        hydra: Hydra's part of its config.
    """
    own = [source.path for source in hydra.runtime.config_sources if source.provider == "command-line"]
    return shell.join(["python", "-m", "nst.resume", str(folder), *(["--config-dir", own[0]] if own else [])])


def recorded(hydra: Any) -> list[str]:
    """The overrides of a sweep's command, without secrets, and without those that choose its folder."""
    given = [*as_given(hydra.overrides.task), *as_given(hydra.overrides.hydra)]
    return [redacted_override(text) for text in given if key_of(text) not in OF_THE_FOLDER]


def key_of(override: str) -> str:
    """The key of an override, without `+` and `~`."""
    return override.partition("=")[0].lstrip("+~")
