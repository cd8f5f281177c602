"""Write the complete report of the runs in folders."""

import io
import math
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from nst.errors import InputError
from nst.observers import events
from nst.report import page, sheet, table
from nst.report.pictures import Copies, originals
from nst.report.runs import Run, find
from nst.runtime import lock
from nst.runtime.atomic import atomic

FOLDER = "report"


@dataclass(frozen=True)
class Report:
    """The folder and the runs of a report, and one line for each problem."""

    folder: Path
    runs: list[Run]
    problems: list[str]


def report(folders: Sequence[Path], out: Path | None = None) -> Report:
    """Write summary.csv, sheet.png, index.html with its files, and the sheet for TensorBoard.

    Args:
        folders: contain runs at any depth.
        out: the report's folder; None: report/ in the deepest folder that contains all of `folders`.

    Raises:
        InputError: the folder cannot be written.
    """
    runs, problems = find(folders)
    problems += _measured_apart(runs, folders)
    base = _base(folders)
    out = out or base / FOLDER
    if not runs:
        return Report(out, runs, problems)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with (out / lock.NAME).open("w") as file:
            lock.hold(file, math.inf, required=False)  # two sweeps that end at the same time write in turn
            return Report(out, runs, problems + _write(out, base.name, runs))
    except OSError as error:
        raise InputError(f"{error.filename or out}: the report cannot be written ({error.strerror})") from error


def _measured_apart(runs: Sequence[Run], folders: Sequence[Path]) -> list[str]:
    """Return one line if the runs were measured with different networks."""
    networks = {(m.get("network"), m.get("network_sha256")) for run in runs if (m := run.record.get("metrics"))}
    if len(networks) < 2:
        return []
    command = shlex.join(["python", "-m", "nst.measure", *map(str, folders)])
    return [f"measured with {len(networks)} different networks, so ranked separately; to measure with one: {command}"]


def _write(out: Path, title: str, runs: list[Run]) -> list[str]:
    """Write all files; return one line for each picture that cannot be displayed."""
    copies, made_of = Copies(out), originals(runs)
    results = [run.picture for run in runs if run.picture]
    displayed, broken = copies.make([*results, *{original.path for original in made_of.values()}])
    thumbs = {str(run.folder): displayed[run.picture].small for run in runs if run.picture in displayed}
    of_originals = {digest: displayed.get(original.path) for digest, original in made_of.items()}
    thumbs |= {digest: copy.small for digest, copy in of_originals.items() if copy}
    drawn = sheet.compose(runs, thumbs)
    data = _png(drawn)
    with atomic(out / sheet.FILE) as part:
        part.write_bytes(data)
    events.write_picture(out / "tensorboard", "sheet", data, drawn.size)
    table.write_csv(out / table.FILE, runs)
    page.write(out, title, runs, displayed, made_of)
    copies.tidy()
    return broken


def _base(folders: Sequence[Path]) -> Path:
    """Return the deepest folder that contains all existing `folders`."""
    there = [folder.resolve() for folder in folders if folder.is_dir()]
    return Path(os.path.commonpath(there)) if there else Path.cwd()


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()
