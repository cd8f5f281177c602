"""What a picture or a run is: its recipe, its record and its state, as lines for people or as data."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nst.bounded import DataError
from nst.cli import record_lines
from nst.cli.command import command
from nst.cli.config_files import ConfigFiles
from nst.cli.recipe import Recipe, compose_recipe, read
from nst.cli.record_lines import Line
from nst.errors import InputError, printable
from nst.redaction import redacted, redacted_data
from nst.report import plan
from nst.report.runs import find
from nst.runner import checkpoint, finished
from nst.runner.folder import CONFIG, RESULT, finite
from nst.runner.instantiate import plain
from nst.runtime import lock, shell

LABEL, LONGEST = 40, 2000  # characters of a name and of a value


@dataclass(frozen=True)
class Shown:
    """What is shown of a picture or a run.

    Args:
        source: the picture, or the run folder.
        settings: the config, redacted.
        record: of the picture, redacted; of a run folder, and of a picture in one, its result.json.
        state: how the run ended, or that it has not; empty for a picture outside of its run folder.
        folder: the run folder, if it is there.
        command: the command that composes the config; empty if there is none.
        problem: why there is no command.
    """

    source: Path
    settings: Mapping[str, Any]
    record: Mapping[str, Any]
    state: str
    folder: Path | None
    command: str
    problem: str


def show(source: Path, files: ConfigFiles, *, full: bool = False, as_json: bool = False) -> int:
    """Print what `source` is; return the exit status.

    Args:
        source: a picture, a run folder, or a folder of runs.
        files: the files of configs that a recipe may choose from.
        full: print all settings, as YAML.
        as_json: print all as one JSON object.

    Raises:
        InputError: `source` is none of these, or its recipe cannot be read.
    """
    if source.is_dir() and not (source / CONFIG).is_file():
        facts = _of_sweep(source)
        lines = list(_sweep_lines(source, facts))
    else:
        shown = look(source, files)
        facts = _data(shown)
        lines = list(_lines(shown))
    if as_json:
        print(json.dumps(finite(facts), indent=2, allow_nan=False))  # noqa: T201
        return 0
    for name, text in lines:
        print(f"{printable(name)[:LABEL]:<10} {printable(text)[:LONGEST]}".rstrip())  # noqa: T201
    if full and "settings" in facts:
        print(f"\n{yaml.safe_dump(facts['settings'], sort_keys=False)}", end="")  # noqa: T201
    return 0


def look(source: Path, files: ConfigFiles) -> Shown:
    """Read a picture or a run folder; the recipe is checked, and nothing in it is evaluated.

    Raises:
        InputError: its recipe cannot be read.
    """
    recipe = read(source)
    folder = source if source.is_dir() else _folder_of(source)
    record = redacted_data((_record(folder) if folder else None) or recipe.record)
    settings = redacted_data(recipe.config)
    line, problem = _command(recipe, files)
    return Shown(source, settings, record, _state(folder, record) if folder else "", folder, line, problem)


def _command(recipe: Recipe, files: ConfigFiles) -> Line:
    """The command that makes the picture, or the reason why there is none."""
    try:
        config = compose_recipe(redacted_data(recipe.config), files)
        config.output.folder = "outputs"
        return command(plain(config), recipe.record.get("choices") or {}, files), ""
    except InputError as error:
        return "", str(error)


def _folder_of(picture: Path) -> Path | None:
    """The run folder that a picture is in: its record has the picture's checksum; None if it is in none."""
    path = picture.resolve()
    record = _record(path.parent) or {}
    return (
        path.parent
        if record.get("files", {}).get(path.name) in finished.files(path.parent, [path.name]).values()
        else None
    )


def _record(folder: Path) -> dict[str, Any] | None:
    try:
        return finished.record(folder / RESULT)
    except (OSError, DataError):
        return None


def _state(folder: Path, record: Mapping[str, Any]) -> str:
    """How the run ended; else whether it is running, and where it can continue."""
    status = str(record.get("status") or ("running" if lock.held(folder / lock.NAME) else "unfinished"))
    error = redacted(str(record.get("error") or ""))
    parts = [f"{status}: {error}" if error and error != record.get("ending") else status]
    if status == "done":
        parts += [f"{path.name}: {why}" for path, why in finished.damaged(folder, record).items()]
    else:
        evaluation = (checkpoint.header(folder) or {}).get("evaluation")
        parts += [f"checkpoint at evaluation {evaluation}"] if isinstance(evaluation, int) else []
    return "; ".join(parts)


def _data(shown: Shown) -> dict[str, Any]:
    """`shown` as JSON data."""
    return {
        "source": str(shown.source),
        "kind": "run" if shown.source.is_dir() else "picture",
        "folder": shown.folder and str(shown.folder),
        "state": shown.state or None,
        "command": shown.command or None,
        "problem": shown.problem or None,
        "settings": shown.settings,
        "record": shown.record,
    }


def _lines(shown: Shown) -> Iterator[Line]:
    yield ("run" if shown.source.is_dir() else "picture"), str(shown.source)
    if shown.state:
        yield "state", shown.state
    yield "command", shown.command or f"none: {shown.problem}"
    yield from _notes(shown.settings)
    yield from record_lines.work(shown.record)
    yield from record_lines.origin(shown.record.get("provenance") or {})
    yield from _next(shown)


def _notes(settings: Mapping[str, Any]) -> Iterator[Line]:
    if tags := settings.get("tags"):
        yield "tags", ", ".join(map(str, tags)) if isinstance(tags, list) else str(tags)
    if notes := settings.get("notes"):
        yield "notes", str(notes)


def _next(shown: Shown) -> Iterator[Line]:
    """The commands that go on from here."""
    if shown.folder and shown.record.get("status") != "done" and not shown.state.startswith("running"):
        yield "resume", f"python -m nst.resume {_quoted(shown.folder)}"
    yield "repeat", f"python -m nst.repeat {_quoted(shown.source)}"


def _quoted(path: Path) -> str:
    return shell.quote(str(path))


def _of_sweep(folder: Path) -> dict[str, Any]:
    """The number of runs in a folder, by state.

    Raises:
        InputError: there are none.
    """
    runs, problems = find([folder])
    missing = plan.not_started(folder)
    if not runs and not missing:
        raise InputError(f"{folder} is neither a run nor a folder of runs: there is no {CONFIG} in it")
    states = dict(Counter(run.status for run in runs))
    where = os.path.normpath(folder)
    return {
        "source": str(folder),
        "kind": "sweep",
        "states": states,
        "not_started": missing,
        "problems": problems,
        "report": f"python -m nst.report {shell.quote(where)}",
    }


def _sweep_lines(folder: Path, facts: Mapping[str, Any]) -> Iterator[Line]:
    yield "sweep", str(folder)
    counts = [f"{count} {status}" for status, count in facts["states"].items()]
    yield "runs", ", ".join([*counts, *([f"{facts['not_started']} not started"] if facts["not_started"] else [])])
    for problem in facts["problems"]:
        yield "problem", problem
    yield "report", facts["report"]
    if set(facts["states"]) - {"done", "pruned", "running"} or facts["not_started"]:
        yield "resume", f"python -m nst.resume {_quoted(folder)}"
