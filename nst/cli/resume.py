"""Continue a run from its folder, or the runs of a sweep that are not done."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from nst.bounded import DataError, from_yaml
from nst.cli import hydra_errors, naming, resuming, sweep_command
from nst.cli import recipe as recipes
from nst.cli.command import choices as likely_choices
from nst.cli.command import in_hydra
from nst.cli.config_files import ConfigFiles
from nst.cli.recipe_changes import changed, choices
from nst.errors import InputError
from nst.report import plan
from nst.runner import difference, finished
from nst.runner.folder import CONFIG, LOG, OVERRIDES, PICTURE, RESULT
from nst.runner.instantiate import plain
from nst.runner.recorded import OVERRIDES as SHAPE
from nst.runner.recorded import checked
from nst.runner.request import Request
from nst.runner.run import run
from nst.runtime import logs, shell
from nst.runtime.data_files import read_text
from nst.runtime.home import expanded
from nst.runtime.process import displayed

log = logging.getLogger(__name__)

Sweep = Callable[[list[str]], int]


def resume(folder: Path, overrides: Sequence[str], files: ConfigFiles, sweep: Sweep) -> int:
    """Continue what is in `folder`, and return the exit status.

    Args:
        folder: of a run or a sweep.
        overrides: settings to change: of a run those that do not decide its picture, and `steps` of a finished run.
        files: the files of configs that a recorded config may choose from.
        sweep: does a sweep, by the arguments of `nst.run`.

    Raises:
        InputError: there is no run and no sweep; what it recorded is not allowed; an override changes the picture.
    """
    if (folder / CONFIG).is_file():
        return _resume_run(folder.absolute(), overrides, files)
    recorded = plan.command(folder)
    if recorded is None:
        raise InputError(f"{folder} holds no run and no sweep: there is no {CONFIG} and no {plan.FILE} in it")
    given = sweep_command.merged(recorded, overrides, files)
    return sweep(["-m", *files.flags, *given, f"sweep_dir={in_hydra(str(folder))}"])


def _resume_run(folder: Path, overrides: Sequence[str], files: ConfigFiles) -> int:
    request = _request(folder, overrides, files)
    logs.to_console()
    try:
        record = run(request)
    except Exception as error:  # noqa: BLE001  as the task of nst.run
        return hydra_errors.show(error, request.folder / LOG)
    return 0 if record["status"] in ("done", "pruned") else 1


def _request(folder: Path, overrides: Sequence[str], files: ConfigFiles) -> Request:
    """The request to continue the run in `folder`.

    Raises:
        InputError: as `resume`.
    """
    recipe = recipes.read(folder)
    recorded = _restored(recipes.compose_recipe(recipe.config, files), recipe.config, folder)
    config = changed(recorded.copy(), overrides, files)
    before = [*(recipe.record.get("overrides") or _overrides(folder))]
    chosen = recipe.record.get("choices") or likely_choices(plain(recorded), {}, files)
    request = Request(
        config,
        folder,
        [*before, *(text for text in overrides if text not in before)],
        choices(chosen, overrides, files),
        resume_with=_again(folder, files),
        sweep=folder.parent if plan.command(folder.parent) is not None else None,
    )
    others = difference.settings(Request(recorded, folder).recipe, request.recipe)
    if [other.name for other in others] == ["steps"] and (done := _done(folder)):
        return _extended(request, done, files)
    if others:
        raise InputError(
            f"{displayed(folder)}: {difference.described(others)} would be another picture; make it in a new folder: "
            f"{shell.join(['python', '-m', 'nst.repeat', displayed(folder), *overrides])}"
        )
    return request


def _restored(config: DictConfig, recorded: dict[str, Any], folder: Path) -> DictConfig:
    """`config` with the folder of outputs that contains the run: the recorded one, or the one above the run's.

    A recorded folder elsewhere is not used: anybody may have written it.
    """
    output = recorded.get("output") or {}
    named = output.get("folder") if isinstance(output, dict) else None
    above = expanded(named) if isinstance(named, str) and named else folder.parent
    config.output.folder = str(above if folder.is_relative_to(above.absolute()) else folder.parent)
    if isinstance(recorded.get("sweep_dir"), str):
        config.sweep_dir = recorded["sweep_dir"]
    return config


def _overrides(folder: Path) -> list[str]:
    """The overrides of a run without a record."""
    path = folder / OVERRIDES
    try:
        return checked(from_yaml(read_text(path, follow=False), str(path)) or [], SHAPE, str(path))
    except (OSError, DataError):
        return []


def _again(folder: Path, files: ConfigFiles) -> str:
    return shell.join(["python", "-m", "nst.resume", displayed(folder), *files.flags])


def _done(folder: Path) -> dict[str, Any] | None:
    """The record of a run that is done, with all of its pictures; else None."""
    try:
        record = finished.record(folder / RESULT)
    except (OSError, DataError):
        return None
    return record if record["status"] == "done" and not finished.damaged(folder, record) else None


def _extended(request: Request, done: dict[str, Any], files: ConfigFiles) -> Request:
    """The request for a run in a new folder that takes the further steps, from the picture of the finished run.

    Raises:
        InputError: `steps` is not above the evaluations of the finished run.
    """
    taken, steps = done["evaluations"], request.config.steps
    if steps is None or steps <= taken:
        raise InputError(f"steps must be above {taken}, the evaluations of this finished run, not {steps}")
    picture = in_hydra(str(request.folder / PICTURE))
    more = [f"steps={steps - taken}", "init=image", f"init.image={picture}", "pyramid=single"]
    config = changed(request.config, more, files)
    log_line = "%s is done after %d evaluations; %d more begin from its picture, in a new folder"
    logs.to_console()
    log.info(log_line, displayed(request.folder), taken, steps - taken)
    kept = [text for text in request.overrides if resuming.key_of(text) != "steps"]
    folder = naming.new_run_folder(config)
    chosen = choices(request.choices or {}, more, files)
    again = _again(folder, files)
    return replace(
        request,
        config=config,
        folder=folder,
        overrides=[*kept, *more],
        choices=chosen,
        resume_with=again,
        sweep=None,
    )
