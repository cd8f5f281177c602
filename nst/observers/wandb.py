"""Weights & Biases: curves, pictures, config, metrics and status of a run, online or in the run folder.

The run's files are in `wandb/` of the run folder. Offline ones are uploaded by `wandb sync`. The runs of a sweep are a
group. The id of the record is in `.wandb.json`.
"""

import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nst.errors import InputError, check_name, printable
from nst.observers.sink import End, Opened, Row, Sink, Start
from nst.observers.tracker import Tracker
from nst.runtime import shell
from nst.runtime.process import displayed

MODES = ("auto", "online", "offline")
PROJECT = "nst"
INIT_SECONDS = 20.0  # for the connection to the server; after that the run is logged offline
EXIT_CODES = {"done": 0, "pruned": 0, "interrupted": 130}  # of a process with this ending; else 1
PRIVATE = {  # no terminal output, no source code, no names of user and machine, no reports of errors
    "WANDB_SILENT": "true",
    "WANDB_CONSOLE": "off",
    "WANDB_DISABLE_GIT": "true",
    "WANDB_DISABLE_CODE": "true",
    "WANDB__DISABLE_META": "true",
    "WANDB__DISABLE_STATS": "true",
    "WANDB_HOST": "-",
    "WANDB_ERROR_REPORTING": "false",
}


class WandB(Tracker):
    """Logs a run to Weights & Biases.

    Args:
        project: the project; None: the variable WANDB_PROJECT, or `nst`.
        entity: the user or team; None: the variable WANDB_ENTITY, or the default of the login.
        mode: `online`, `offline`, or `auto`: the variable WANDB_MODE, or online after `wandb login`, else offline.
        every: evaluations between scalars, at least 1.
        images: pictures over the run, evenly spaced by work; 0 logs none but the result.
        timeout: seconds that the end of a run waits for the upload, at most; above 0.

    Raises:
        InputError: a value is invalid, wandb is not installed, or `mode` is `online` without a login.
    """

    module = "wandb"

    def __init__(
        self,
        project: str | None = None,
        entity: str | None = None,
        mode: str = "auto",
        every: int = 5,
        images: int = 10,
        timeout: float = 60.0,
    ) -> None:
        check_name("observers.wandb.mode", mode, MODES)
        if project is not None and not re.fullmatch(r"[^/\\#?%:]{1,128}", str(project)):
            shown = printable(str(project))
            raise InputError(f"observers.wandb.project must have 1 to 128 characters, none of /\\#?%:, not '{shown}'")
        super().__init__(every, images, timeout, project=project, entity=entity, mode=mode)
        if mode == "online" and not logged_in():
            raise InputError(
                "observers.wandb.mode=online needs a login: run `wandb login`, set WANDB_API_KEY, or choose offline"
            )


def logged_in() -> bool:
    """Whether there is a key for the server of W&B: in the environment, or in the .netrc file of `wandb login`."""
    from requests.utils import get_netrc_auth

    if any(os.environ.get(name) for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE")):
        return True
    return get_netrc_auth(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")) is not None


def chosen_mode(mode: str) -> str:
    """`mode` with `auto` resolved."""
    if mode != "auto":
        return mode
    offline = os.environ.get("NST_OFFLINE") == "1" or not logged_in()
    return os.environ.get("WANDB_MODE") or ("offline" if offline else "online")


class WandBSink(Sink):
    """Calls wandb."""

    def start(self, start: Start, run: str | None) -> Opened:
        """Begin the run, or continue `run`: online on the server, offline by files that `wandb sync` joins."""
        for name, value in PRIVATE.items():
            os.environ.setdefault(name, value)
        import wandb  # pyright: ignore[reportMissingImports]

        self._wandb = wandb
        mode: Any = chosen_mode(start.settings["mode"])
        arguments = _arguments(start, run or secrets.token_hex(4))
        try:
            self._run, warning = wandb.init(mode=mode, **arguments), ""
        except Exception as error:  # no network, a wrong key: the files can be uploaded later
            if mode != "online":
                raise
            wandb.teardown()
            self._run, mode = wandb.init(mode="offline", **arguments), "offline"
            warning = f"W&B cannot be reached ({type(error).__name__}); the run is logged offline"
        kept = f"upload its files with: wandb sync {_files(Path(self._run.dir).parent)}"
        return Opened(self._run.id, kept if mode == "offline" else str(self._run.url), kept, warning)

    def scalars(self, rows: Sequence[Row]) -> None:
        """Log rows of the curves."""
        for evaluation, values in rows:
            self._run.log(values, step=evaluation)

    def picture(self, evaluation: int, tag: str, picture: np.ndarray) -> None:
        """Log a picture, with the curves at the same evaluation."""
        self._run.log({tag: self._wandb.Image(picture)}, step=evaluation)

    def end(self, end: End) -> None:
        """Log the metrics and the result as the run's summary, and finish."""
        values: dict[str, Any] = dict(end.metrics or {})
        if end.picture is not None:
            values["image/result"] = self._wandb.Image(str(end.picture))
        self._run.log(values, step=end.evaluations)
        self._run.summary.update({"status": end.status, "error": end.error, **(end.metrics or {})})
        self._run.finish(exit_code=EXIT_CODES.get(end.status, 1))


def _files(folder: Path) -> str:
    """`folder`, of the run's files, for a shell; a resumed run has several, and `wandb sync` joins all with its id."""
    name = re.sub(r"run-\d+_\d+-", "run-*-", folder.name)
    return f"{shell.quote(displayed(folder.parent))}/{name}"


def _arguments(start: Start, run: str) -> dict[str, Any]:
    """The arguments of `wandb.init`."""
    import wandb  # pyright: ignore[reportMissingImports]

    return {
        "project": start.settings["project"] or os.environ.get("WANDB_PROJECT") or PROJECT,
        "entity": start.settings["entity"],
        "id": run,
        "resume": "allow",
        "dir": str(start.folder),
        "name": start.folder.name,
        "group": start.sweep.name if start.sweep else None,
        "tags": list(start.config.get("tags") or []),
        "notes": start.config.get("notes"),
        "config": {**start.config, "choices": start.choices},
        "settings": wandb.Settings(init_timeout=INIT_SECONDS),
    }


sink = WandBSink
