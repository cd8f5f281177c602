"""Hostile recipes and records, through `nst.repeat` and `nst.report`: one line each, no crash, no private file."""

import copy
import json
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from nst import repeat, resume, show
from nst.assets.cache import sha256
from nst.cli import sweep
from nst.image.texts import chunks, packet
from nst.report.__main__ import main as report_main
from nst.report.write import report
from nst.runner import run as runner
from tests.conftest import Held, Outcome, only_run
from tests.report.test_foreign_folders import PRIVATE, shows
from tests.report.test_report import make_run
from tests.test_bounded import HOSTILE, from_yaml

pytestmark = pytest.mark.slow
Command = Callable[..., Outcome]
SEED, REPEATED, RESUMED, REPORTED = 20, 500, 150, 500  # mutated records through each command

VALUES: list[Any] = [
    *(None, True, 0, -1, 2**62, 10**30, 1e308, float("inf"), float("nan"), 0.5),
    *(
        "",
        "hello",
        "/etc/passwd",
        "/dev/zero",
        "${oc.env:HOME}",
        "\ud800",
        "a\nb\x1b[2J",
        "x" * 9000,
        "=cmd()",
        "../..",
    ),
    *([], [[]], [None], ["a", "b"], [1] * 5000, {}, {"a": 1}, {"=a": {"\n": [1]}}),
    *(
        {"_target_": "os.system"},
        {"_target_": ["x"]},
        {"_target_": 5},
        {"_target_": "nst.optimizer.sgd.SGD", "_partial_": True},
    ),
]


class Reached(BaseException):
    """The run reached its first step."""


@pytest.fixture
def recorded(nst: Command, tmp_path: Path) -> Path:
    """The folder of a real run."""
    assert nst("size=64", "steps=2").status == 0
    return Path(shutil.move(only_run(), tmp_path / "recorded"))


@pytest.fixture
def repeated(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """`nst.repeat`, or another command, up to the first step, which counts as status 0."""

    def stop(*_: Any) -> None:
        raise Reached

    monkeypatch.setattr(runner, "_optimize", stop)

    def call(source: Path, main: Callable[[list[str]], int] = repeat.main) -> Outcome:
        capfd.readouterr()
        try:
            status = main([str(source)])
        except Reached:
            status = 0
        return Outcome(status, *map(str, capfd.readouterr()))

    return call


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all nodes."""
    yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*here, key))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """A copy of `value` with another node at `path`."""
    if not path:
        return by
    node = changed = copy.deepcopy(value)
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = by
    return changed


def mutants(folder: Path, count: int) -> Iterator[tuple[str, str, str]]:
    """(name, config.yaml, result.json) with one node replaced, a sample of all."""
    config, record = (
        yaml.safe_load((folder / "config.yaml").read_text()),
        json.loads((folder / "result.json").read_text()),
    )
    todo = [
        (kind, path, value)
        for kind, of in (("config", config), ("record", record))
        for path in paths(of)
        for value in VALUES
    ]
    for kind, path, value in random.Random(SEED).sample(todo, count):
        found = {"config": config, "record": record}
        found[kind] = replaced(found[kind], path, value)
        name = f"{kind} {'.'.join(map(str, path))}: {value!r:.40}"
        yield name, yaml.safe_dump(found["config"], sort_keys=False), json.dumps(found["record"])


def check_one_line(name: str, outcome: Outcome) -> None:
    """Status 2 with one short line, or a run that began."""
    assert outcome.status in (0, 2), (name, outcome)
    if outcome.status == 2:
        assert (outcome.err.count("\n"), outcome.err.startswith("nst: ")) == (1, True), (name, outcome)
        assert len(outcome.err) < 5000
        assert outcome.err.rstrip("\n").isprintable(), (name, outcome)


@pytest.mark.parametrize(("main", "count"), [(repeat.main, REPEATED), (resume.main, RESUMED)], ids=["repeat", "resume"])
def test_mutated_recipes_are_repeated_or_refused_in_one_line(
    recorded: Path, repeated: Command, held: Held, main: Callable[[list[str]], int], count: int
) -> None:
    refused = 0
    for index, (name, config, record) in enumerate(mutants(recorded, count)):
        (recorded / "config.yaml").write_text(config)
        (recorded / "result.json").write_text(record)
        if index % 5 == 0:
            check_one_line(name, repeated(recorded, show.main))
        outcome = repeated(recorded, main)
        check_one_line(name, outcome)
        refused += outcome.status == 2
    assert 0.5 * count < refused < count
    held(f"{count} mutated recipes and records: all held, {refused} refused")


def test_mutated_records_are_reported_or_left_out_with_one_line(recorded: Path, tmp_path: Path, held: Held) -> None:
    at_once, left_out = 50, 0
    todo = list(mutants(recorded, REPORTED))
    for start in range(0, REPORTED, at_once):
        top = tmp_path / "sweep"
        shutil.rmtree(top, ignore_errors=True)
        make_run(top / "good")
        for index, (_, config, record) in enumerate(todo[start : start + at_once]):
            folder = top / f"run{index}"
            folder.mkdir()
            (folder / "config.yaml").write_text(config)
            (folder / "result.json").write_text(record)
        written = report([top])
        assert "good" in {run.name for run in written.runs}
        missing = {f"run{index}" for index in range(at_once)} - {run.name for run in written.runs}
        lines = [line for line in written.problems if "its record cannot be read" in line]
        assert {Path(line.partition(": ")[0]).name for line in lines} == missing
        assert len(lines) == len(missing)
        assert all(len(line.splitlines()) == 1 and len(line) < 1000 for line in written.problems)
        sweep.finish(top)
        left_out += len(missing)
    assert 0 < left_out < REPORTED
    held(f"{REPORTED} mutated records: all held, {left_out} left out of their reports")


def test_hostile_texts_are_refused_in_every_place(
    recorded: Path, repeated: Command, tmp_path: Path, capfd: pytest.CaptureFixture[str], held: Held
) -> None:
    count = 0
    whole = {name: (recorded / name).read_text() for name in ("config.yaml", "result.json")}
    for read, text, _ in HOSTILE:
        name, key = ("config.yaml", "nst.config") if read is from_yaml else ("result.json", "nst.record")
        (recorded / name).write_text(text)
        texts = {"nst.config": whole["config.yaml"], "nst.record": whole["result.json"], key: text}
        Image.new("RGB", (8, 8)).save(tmp_path / "picture.png", pnginfo=chunks(texts))
        Image.new("RGB", (8, 8)).save(tmp_path / "picture.webp", xmp=packet(texts))
        for source in (recorded, tmp_path / "picture.png", tmp_path / "picture.webp"):
            began = time.monotonic()
            for outcome in (repeated(source), repeated(source, show.main)):
                assert (outcome.status, outcome.err.count("\n")) == (2, 1), (text[:60], outcome)
            assert time.monotonic() - began < 20
        (line,) = report([recorded]).problems
        assert "its record cannot be read" in line
        assert report_main([str(recorded)]) == 2
        assert capfd.readouterr().err.count("\n") == 1
        (recorded / name).write_text(whole[name])
        count += 4
    held(f"{count} hostile texts: all refused")


def test_no_record_brings_a_private_file_into_a_report(recorded: Path, tmp_path: Path, held: Held) -> None:
    private = tmp_path / "private"
    private.mkdir()
    Image.new("RGB", (90, 70), PRIVATE).save(private / "me.png")
    shutil.copy(private / "me.png", private / "me.jpg")
    record = json.loads((recorded / "result.json").read_text())
    count = 0
    rng = random.Random(SEED)
    digests = ["", "0" * 64, sha256(private / "me.png")[:63], "None", sha256(recorded / "result.png")]
    names = ["me.png", "me.jpg", "../private/me.png", "./me.png", "me.png/", "me.png\0"]
    for role in (*record["provenance"]["pictures"], "init", "style/7"):
        for name in names:
            entry = {
                "name": "x",
                "path": f"{private}/{name}",
                "sha256": rng.choice(digests),
                "source": "",
                "credit": "",
            }
            mutated = replaced(record, ("provenance", "pictures", role), entry)
            (recorded / "result.json").write_text(json.dumps(mutated))
            written = report([recorded], tmp_path / f"out{count}")
            assert shows(written.folder, PRIVATE) == []
            assert all(len(line.splitlines()) == 1 for line in written.problems)
            count += 1
    for path in ("/etc/passwd", "/dev/zero", "/dev/stdin", "/proc/self/mem", "/proc/kmsg", str(tmp_path)):
        entry = {"name": "x", "path": path, "sha256": "0" * 64}
        (recorded / "result.json").write_text(
            json.dumps(replaced(record, ("provenance", "pictures", "content"), entry))
        )
        (line,) = report([recorded], tmp_path / "out").problems
        assert line.endswith("it is not displayed")
        count += 1
    held(f"{count} records that name private files: none in a report")


def test_no_report_writes_through_a_link(recorded: Path, tmp_path: Path, held: Held) -> None:
    """Every path that a report writes, and its temporary files, as a link to a file and to a folder of the person."""
    out = report([recorded]).folder
    every = sorted(path.relative_to(out) for path in out.rglob("*"))
    every += [path.with_name(f".{path.name}.part") for path in every]
    private, count = tmp_path / "private", 0
    for name in every:
        for target in ("text", "folder", "nothing"):
            shutil.rmtree(out, ignore_errors=True)
            shutil.rmtree(private, ignore_errors=True)
            (private / "folder").mkdir(parents=True)
            for file in (private / "text", private / "folder/events.out.tfevents.1", private / "folder/0.js"):
                file.write_text("mine")
            (out / name).parent.mkdir(parents=True)
            (out / name).symlink_to(private / target)
            assert report_main([str(recorded)]) in (0, 2)
            found = {str(path.relative_to(private)) for path in private.rglob("*")}
            assert found == {"text", "folder", "folder/events.out.tfevents.1", "folder/0.js"}, (name, target)
            assert all(path.read_text() == "mine" for path in private.rglob("*") if path.is_file())
            count += 1
    held(f"{count} links in report folders: nothing behind them changed")
