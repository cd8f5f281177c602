"""Write the complete report of the runs in folders."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from nst.errors import InputError
from nst.observers import events
from nst.report import findings_table, page, plan, sheet, table
from nst.report.findings import Findings
from nst.report.findings import find as compare
from nst.report.out import Out
from nst.report.pictures import Copies, originals
from nst.report.runs import Run, find
from nst.runtime import shell

FOLDER, TENSORBOARD = "report", "tensorboard"


@dataclass(frozen=True)
class Report:
    """The folder and the runs of a report, one line for each problem, and the runs of its sweeps that did not start."""

    folder: Path
    runs: list[Run]
    problems: list[str]
    not_started: int = 0
    compared: bool = False  # whether it has the files of a comparison


def report(folders: Sequence[Path], out: Path | None = None, baseline: str | None = None) -> Report:
    """Write summary.csv, sheet.png, index.html with its files, the sheet for TensorBoard, and a comparison of settings.

    Args:
        folders: contain runs at any depth.
        out: the report's folder; None: report/ in the deepest folder that contains all of `folders`.
        baseline: the setting with which the others are compared; None: the recorded one, else the command's first.

    Raises:
        InputError: the folder cannot be written; `baseline` is no setting, or there is nothing to compare with it.
    """
    runs, problems = find(folders)
    problems += _measured_apart(runs, folders)
    base = _base(folders)
    out = out or base / FOLDER
    missing = sum(plan.not_started(sweep) for sweep in {*_there(folders), *(run.folder.parent for run in runs)})
    if not runs:
        return Report(out, runs, problems, missing)
    findings, left_out = compare(runs, baseline)
    problems += left_out
    try:
        folder = Out(out)
        with folder.locked():  # two sweeps that end at the same time write in turn
            problems += _write(folder, base.name, runs, missing, findings)
            return Report(out, runs, problems, missing, findings is not None)
    except OSError as error:
        raise InputError(f"{error.filename or out}: the report cannot be written ({error.strerror})") from error


def _measured_apart(runs: Sequence[Run], folders: Sequence[Path]) -> list[str]:
    """Return one line if the runs were measured with different networks."""
    networks = {(m.get("network"), m.get("network_sha256")) for run in runs if (m := run.record.get("metrics"))}
    if len(networks) < 2:
        return []
    command = shell.join(["python", "-m", "nst.measure", *map(str, folders)])
    return [f"measured with {len(networks)} different networks, so ranked separately; to measure with one: {command}"]


def _write(out: Out, title: str, runs: list[Run], missing: int, findings: Findings | None) -> list[str]:
    """Write all files; return one line for each picture that cannot be displayed."""
    copies, made_of = Copies(out), originals(runs)
    results, broken = copies.of_results(runs)
    sources, changed = copies.of_originals(made_of)
    thumbs = {str(run.folder): results[run.picture].small for run in runs if run.picture in results}
    thumbs |= {digest: copy.small for digest, copy in sources.items()}
    drawn = sheet.compose(runs, thumbs, findings)
    data = _png(drawn)
    out.write(sheet.FILE, data)
    _write_event(out, *events.picture_file("sheet", data, drawn.size))
    out.write_text(table.FILE, table.as_csv(runs))
    _write_comparison(out, findings)
    pictured = {digest: (original, sources.get(digest)) for digest, original in made_of.items()}
    page.write(out, title, runs, missing, results, pictured, findings)
    copies.tidy()
    return broken + changed


def _write_comparison(out: Out, findings: Findings | None) -> None:
    """Write the files of the comparison; without one, delete those of an earlier report."""
    if findings is None:
        for name in findings_table.FILES:
            out.remove(name)
        return
    for name, text in findings_table.files(findings).items():
        out.write_text(name, text)


def _write_event(out: Out, name: str, data: bytes) -> None:
    """Write an event file for TensorBoard, in place of earlier ones."""
    before = out.names(TENSORBOARD)
    out.write(f"{TENSORBOARD}/{name}", data)
    for old in before:
        if old.startswith(f"{TENSORBOARD}/{events.FILES}"):
            out.remove(old)


def _base(folders: Sequence[Path]) -> Path:
    """Return the deepest folder that contains all existing `folders`."""
    there = _there(folders)
    return Path(os.path.commonpath(there)) if there else Path.cwd()


def _there(folders: Sequence[Path]) -> list[Path]:
    return [folder.resolve() for folder in folders if folder.is_dir()]


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()
