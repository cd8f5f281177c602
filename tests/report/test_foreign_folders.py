"""A report of a folder from elsewhere: it shows only verified pictures, and writes and reads through no link."""

import csv
import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nst.assets.cache import sha256
from nst.report import spreadsheet, table
from nst.report.__main__ import main
from nst.report.runs import find
from nst.report.write import report
from nst.runtime import system
from tests.report.test_report import make_run, read_data

READ = ("result.png", "result.json", "config.yaml", "overrides.yaml", "history.csv")
PRIVATE = (250, 3, 120)  # the color of a picture that no report may show


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A private folder with a picture and a text; at the end both are as before."""
    folder = tmp_path / "private"
    folder.mkdir()
    Image.new("RGB", (90, 70), PRIVATE).save(folder / "me.png")
    (folder / "text").write_text("my diary")
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    """{name: content} of all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def shows(folder: Path, color: tuple[int, int, int]) -> list[str]:
    """The pictures in a report that contain `color`."""
    found = []
    for path in [*folder.rglob("*.jpg"), *folder.rglob("*.png")]:
        with Image.open(path) as picture:
            near = np.abs(np.asarray(picture.convert("RGB")).astype(int) - color).max(-1) < 12
        found += [path.name] if near.sum() > 20 else []
    return found


def with_content(run: Path, **entry: Any) -> Path:
    """Change the record of a run's content picture."""
    record = json.loads((run / "result.json").read_text())
    record["provenance"]["pictures"]["content"] |= entry
    (run / "result.json").write_text(json.dumps(record))
    return run


class TestOriginals:
    def test_a_verified_picture_is_shown_and_the_test_would_see_it(self, tmp_path: Path, private: Path) -> None:
        picture = private / "me.png"
        with_content(make_run(tmp_path / "sweep/a"), path=str(picture), sha256=sha256(picture))
        written = report([tmp_path / "sweep"])
        assert written.problems == []
        assert len(shows(written.folder, PRIVATE)) == 3, "a large copy, a small one, and the sheet"

    @pytest.mark.parametrize("digest", ["0" * 64, "", "c"])
    def test_a_picture_with_another_checksum_is_not_copied(self, tmp_path: Path, private: Path, digest: str) -> None:
        with_content(make_run(tmp_path / "sweep/a"), path=str(private / "me.png"), sha256=digest)
        written = report([tmp_path / "sweep"])
        assert shows(written.folder, PRIVATE) == []
        assert written.problems == [f"{private}/me.png: it is not the file that the run used; it is not displayed"]
        assert "small" not in next(iter(read_data(written.folder)["originals"].values()))

    def test_a_picture_replaced_since_is_not_shown_even_with_equal_time_and_size(self, tmp_path: Path) -> None:
        picture = tmp_path / "cat.bmp"
        Image.new("RGB", (90, 70), "navy").save(picture)
        with_content(make_run(tmp_path / "sweep/a"), path=str(picture), sha256=sha256(picture))
        assert report([tmp_path / "sweep"]).problems == []
        before = picture.stat()
        Image.new("RGB", (90, 70), PRIVATE).save(picture)
        os.utime(picture, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert picture.stat().st_size == before.st_size
        picture.rename(tmp_path / "other.bmp")  # another inode, as after a copy
        shutil.copy2(tmp_path / "other.bmp", picture)
        written = report([tmp_path / "sweep"])
        assert shows(written.folder, PRIVATE) == []
        assert len(written.problems) == 1

    def test_the_file_of_another_run_is_shown_if_it_has_the_checksum(self, tmp_path: Path, private: Path) -> None:
        picture = private / "me.png"
        digest = sha256(picture)
        with_content(make_run(tmp_path / "sweep/a"), path=str(picture), sha256=digest)
        with_content(make_run(tmp_path / "sweep/b"), path="/nowhere/me.png", sha256=digest)
        written = report([tmp_path / "sweep"])
        assert written.problems == []
        assert shows(written.folder, PRIVATE)

    def test_a_result_that_was_replaced_is_not_shown(self, tmp_path: Path, private: Path) -> None:
        for name in ("a", "b"):
            run = make_run(tmp_path / "sweep" / name)
            record = json.loads((run / "result.json").read_text())
            record["files"] = {"result.png": sha256(run / "result.png")}
            (run / "result.json").write_text(json.dumps(record))
        shutil.copy(private / "me.png", tmp_path / "sweep/b/result.png")
        written = report([tmp_path / "sweep"])
        assert ["small" in run for run in read_data(written.folder)["runs"]] == [True, False]
        assert shows(written.folder, PRIVATE) == []
        (line,) = written.problems
        assert "b/result.png: it is not the picture that the run wrote" in line

    def test_a_result_that_is_also_a_wrong_original_is_shown_as_a_result_only(self, tmp_path: Path) -> None:
        one = make_run(tmp_path / "sweep/a")
        with_content(make_run(tmp_path / "sweep/b"), path=str(one / "result.png"), sha256="0" * 64)
        data = read_data(report([tmp_path / "sweep"]).folder)
        assert "small" not in data["originals"]["0" * 64]
        assert all("small" in run for run in data["runs"])

    @pytest.mark.parametrize("path", ["/etc/passwd", "/dev/zero", "/proc/self/environ", "~nobody-there/x", "a\0b", ""])
    def test_a_path_that_is_no_picture_gives_one_line(self, tmp_path: Path, path: str) -> None:
        with_content(make_run(tmp_path / "sweep/a"), path=path, sha256="0" * 64)
        (line,) = report([tmp_path / "sweep"]).problems
        assert len(line.splitlines()) == 1
        assert line.endswith("it is not displayed")


class TestLinksInRuns:
    @pytest.mark.parametrize("name", READ)
    def test_a_link_in_a_run_is_not_followed(self, tmp_path: Path, private: Path, name: str) -> None:
        run = make_run(tmp_path / "sweep/a")
        (run / name).replace(private / name)
        (run / name).symlink_to(private / name)
        if name == "result.png":
            shutil.copy(private / "me.png", private / name)
        if name == "overrides.yaml":  # read only for runs without a record
            (run / "result.json").unlink()
        make_run(tmp_path / "sweep/b")
        written = report([tmp_path / "sweep"])
        assert shows(written.folder, PRIVATE) == []
        if name in ("result.png", "history.csv"):
            assert len(written.runs) == 2
            curves = (written.folder / "curves/0.js").read_text()
            assert curves.startswith('NST.curves({"r0":{},') == (name == "history.csv")
        else:
            assert [run.name for run in written.runs] == ["b"]
            assert "it is a link" in written.problems[0]

    @pytest.mark.parametrize(
        "name", ["result.json", "config.yaml", "overrides.yaml", "history.csv", "result.png", ".lock"]
    )
    def test_a_pipe_in_a_run_does_not_block(self, tmp_path: Path, name: str) -> None:
        run = make_run(tmp_path / "sweep/a", status="unfinished")
        (run / name).unlink(missing_ok=True)
        os.mkfifo(run / name)
        make_run(tmp_path / "sweep/b")
        written = report([tmp_path / "sweep"])
        assert "b" in {run.name for run in written.runs}
        assert all(len(line.splitlines()) == 1 for line in written.problems)


FILES = (".lock", "sheet.png", "summary.csv", "index.html", "data.js", "page.css", "curves/0.js", "pictures/x.jpg")
PARTS = (".sheet.png.part", ".summary.csv.part", ".data.js.part", ".index.html.part", "curves/.0.js.part")
FOLDERS = ("pictures", "curves", "tensorboard")


def copies(folder: Path) -> Iterator[str]:
    """Names of a report's copies of pictures, and of their temporary files."""
    for path in sorted((folder / "pictures").iterdir()):
        yield f"pictures/{path.name}"
        yield f"pictures/.{path.name}.part"


@pytest.fixture(params=["open folders", "paths"])
def _ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports are written into open folders, or as on Windows by paths that are checked before each use."""
    monkeypatch.setattr(system, "WINDOWS", request.param == "paths")


@pytest.mark.usefixtures("_ways")
class TestLinksInReports:
    @pytest.mark.parametrize("kind", ["link", "broken link", "hard link"])
    def test_files_that_are_links_are_replaced_or_refused_and_nothing_behind_them_changes(
        self, tmp_path: Path, private: Path, kind: str
    ) -> None:
        make_run(tmp_path / "sweep/a")
        out, before = tmp_path / "sweep/report", files_of(private)
        names = [*FILES, *PARTS, *copies(report([tmp_path / "sweep"]).folder)]
        for name in names:
            shutil.rmtree(out, ignore_errors=True)
            (out / name).parent.mkdir(parents=True)
            if kind == "hard link":
                (out / name).hardlink_to(private / "text")
            else:
                (out / name).symlink_to(private / ("text" if kind == "link" else "new"))
            status = main([str(tmp_path / "sweep")])
            assert files_of(private) == before, name
            assert status == (2 if name == ".lock" and kind != "hard link" else 0)
        assert len(names) > 15

    @pytest.mark.parametrize("name", FOLDERS)
    def test_a_folder_that_is_a_link_is_refused_in_one_line(
        self, tmp_path: Path, private: Path, name: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        make_run(tmp_path / "sweep/a")
        (private / "events.out.tfevents.1").write_text("mine")
        (private / "0123456789abcdef.jpg").write_text("mine")
        (private / "7.js").write_text("mine")
        before = files_of(private)
        (tmp_path / "sweep/report").mkdir()
        (tmp_path / "sweep/report" / name).symlink_to(private)
        assert main([str(tmp_path / "sweep")]) == 2
        assert files_of(private) == before
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "is a link" in error

    @pytest.mark.parametrize("target", ["private", "nowhere"])
    def test_a_report_folder_that_is_a_link_is_refused_in_one_line(
        self, tmp_path: Path, private: Path, target: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        make_run(tmp_path / "sweep/a")
        before = files_of(private)
        (tmp_path / "sweep/report").symlink_to(tmp_path / target)
        assert main([str(tmp_path / "sweep")]) == 2
        assert files_of(private) == before
        assert not (tmp_path / "nowhere").exists()
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "report is a link" in error

    def test_a_link_in_place_of_a_copy_is_not_taken_for_the_copy(self, tmp_path: Path, private: Path) -> None:
        make_run(tmp_path / "sweep/a")
        Image.new("RGB", (90, 70), PRIVATE).save(private / "me.jpg")
        out = report([tmp_path / "sweep"]).folder
        for path in (out / "pictures").iterdir():
            path.unlink()
            path.symlink_to(private / "me.jpg")
        report([tmp_path / "sweep"])
        assert not any(path.is_symlink() for path in out.rglob("*"))
        assert shows(out, PRIVATE) == []

    def test_a_pipe_in_place_of_the_lock_is_refused(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        make_run(tmp_path / "sweep/a")
        (tmp_path / "sweep/report").mkdir()
        os.mkfifo(tmp_path / "sweep/report/.lock")
        assert main([str(tmp_path / "sweep")]) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("name", ["=cmd()", "+a", "-a", "@a", "\ta", "\ra", "\na", "\uff1da"])
def test_headers_and_cells_of_the_csv_are_not_formulas(tmp_path: Path, name: str) -> None:
    run = make_run(tmp_path / "a")
    record = json.loads((run / "result.json").read_text())
    record |= {"overrides": [f"{name}=1"], "weighted": {"style": {"x": 1.0}}, "error": name}
    (run / "result.json").write_text(json.dumps(record))
    rows = list(csv.reader(io.StringIO(table.as_csv(find([tmp_path])[0]), newline="")))
    cells = [cell for row in rows for cell in row]
    assert not any(cell.startswith(spreadsheet.FORMULA) for cell in cells)
    assert f"'{name}" in rows[1]


def test_a_record_with_thousands_of_settings_gives_a_sheet_of_bounded_size(tmp_path: Path) -> None:
    for index in range(3):
        run = make_run(tmp_path / "sweep" / str(index))
        many = "".join(f"s{number}: {number * index}\n" for number in range(5000))
        (run / "config.yaml").write_text(many)
        record = json.loads((run / "result.json").read_text()) | {"overrides": [], "choices": {}}
        (run / "result.json").write_text(json.dumps(record))
    with Image.open(report([tmp_path / "sweep"]).folder / "sheet.png") as sheet:
        assert sheet.height < 3000
