"""docs/knobs.md: what the script would write, with every knob of conf/ on it, and strips of what sweeps made."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

import knobs as script
from knobs_page import PAGE, STRIPS, page, reading, strips, sweeps
from nst.errors import InputError
from nst.settings import flatten
from tests.conftest import CONF
from tests.test_config import FILES, GROUP_FILES, NAMED

SHADES = {"a": (200, 0, 0), "b": (0, 200, 0), "c": (0, 0, 200)}
SOURCE = (90, 90, 90)


class TestThePage:
    TEXT = PAGE.read_text()

    def test_it_is_what_the_script_writes(self) -> None:
        wanted = page.Writer(CONF, STRIPS, script.SIZE).text()
        assert wanted == self.TEXT, "python scripts/knobs.py --page writes it anew"

    @pytest.mark.parametrize("file", [*GROUP_FILES, Path("config.yaml")], ids=str)
    def test_every_knob_is_on_it(self, file: Path) -> None:
        content = yaml.safe_load((CONF / file).read_text())
        content = {key: value for key, value in content.items() if key not in reading.NO_KNOBS}
        prefix = "".join(f"{part}." for part in file.parts[:-1])
        for name in flatten(content, prefix):
            rows = [row for row in self.TEXT.splitlines() if row.startswith(f"| `{name}` |")]
            assert rows, f"{file}: {name}"
            assert not any(row.endswith("|  |") for row in rows), f"{file}: {name} has no remark"

    @pytest.mark.parametrize("file", [file for file in FILES if len(file.parts) > 1], ids=str)
    def test_so_is_every_choice_and_every_recipe(self, file: Path) -> None:
        group = "/".join(file.parts[:-1])
        assert ("python -m nst.run " if group in NAMED else "- `") + f"{group}={file.stem}`" in self.TEXT

    def test_every_picture_is_there_and_they_are_small_together(self) -> None:
        named = re.findall(r"^!\[.*\]\((.*)\)$", self.TEXT, re.M)
        assert sorted(PAGE.parent / link for link in named) == sorted(STRIPS.iterdir())
        assert len(named) == self.TEXT.count("![")
        assert sum(file.stat().st_size for file in STRIPS.iterdir()) < 5_000_000

    def test_its_links_lead_to_its_headings(self) -> None:
        anchors = {page.anchor(title) for title in re.findall(r"^## (.*)", self.TEXT, re.M)}
        assert anchors == set(re.findall(r"\]\(#([^)]+)\)", self.TEXT))


class TestReading:
    def test_defaults_and_remarks_are_those_of_the_file(self) -> None:
        text = "# About\n_target_: x\na: 1.0e-08   # of a\nb: {c: '#1', d: [1, 2]}  # of b\n"
        text += "e:  # of e\n  f: null\n  g: 3 # of g\nh: ???\n"
        found = [(knob.name, knob.default, knob.remark) for knob in reading.knobs(text, "group.")]
        assert found == [
            ("group.a", "1.0e-08", "of a"),
            ("group.b.c", "'#1'", "of b"),
            ("group.b.d", "[1, 2]", "of b"),
            ("group.e.f", "null", "of e"),
            ("group.e.g", "3", "of g"),
            ("group.h", "???", ""),
        ]
        assert reading.about(text) == "About"

    def test_a_knob_that_choices_share_is_one_line(self) -> None:
        def choice(name: str, **defaults: str) -> reading.Choice:
            return reading.Choice(name, "", tuple(reading.Knob(key, value, "") for key, value in defaults.items()))

        group = reading.Group("g", (choice("x", a="1", b="x"), choice("y", a="1", b="y"), choice("z", a="1")), "x")
        (table,) = page.grouped(group)
        assert [row.split(" | ")[:2] for row in table.splitlines()[2:]] == [
            ["| `a`", "`1`"],
            ["| `b`", "the choice's name"],
        ]

    def test_choices_are_named_where_defaults_differ(self) -> None:
        assert page.defaults({"x": "1", "y": "2", "z": "1"}, "xyz") == "`1` (x, z); `2` (y)"
        assert page.defaults(dict.fromkeys("vwxy", "1"), "vwxyz") == "`1` (all but z)"

    def test_what_would_break_a_table_is_escaped(self) -> None:
        assert page.code("a|b") == "`a\\|b`"
        assert page.code("???") == "must be given"


class TestSweeps:
    GROUPS = ("style", "loss/style", "optimizer")

    def test_a_sweep_over_one_knob_is_found(self) -> None:
        text = "# @package _global_\n# command\n# One\n# two.\n#\n# Three.\ndefaults:\n  - override /experiment: e\n"
        text += "hydra: {sweeper: {params: {style.weights: '[1,2],[3,4]'}}}\n"
        one = sweeps.named("sweep", "one", text)
        (found,) = sweeps.sweeps([one])
        assert (one.about, one.builds_on) == ("One two.", ("experiment",))
        assert (found.values, found.labels(self.GROUPS)) == (("[1,2]", "[3,4]"), ["weights 1, 2", "weights 3, 4"])
        assert found.section(self.GROUPS) == "experiment"

    @pytest.mark.parametrize("params", ["{}", "{a: 1, b: '1,2'}", "{a: '1,2', b: '3,4'}", "{a: 'interval(0, 1)'}"])
    def test_others_have_no_strip(self, params: str) -> None:
        assert not sweeps.sweeps([sweeps.named("sweep", "other", f"hydra: {{sweeper: {{params: {params}}}}}")])

    def test_it_belongs_to_the_group_of_its_knob(self) -> None:
        for knob, group in {
            "loss/style": "loss/style",
            "loss.style.weight": "loss/style",
            "style.scale": "style",
            "steps": "",
        }.items():
            named = sweeps.NamedConfig("sweep", "s", "", (), ())
            assert sweeps.Sweep(named, knob, ("1", "2")).section(self.GROUPS) == group

    @pytest.mark.parametrize(
        ("knob", "value", "text"),
        [
            ("loss.style.weight", "2.50", "weight 2.5"),
            ("pyramid.detail", "false", "detail false"),
            ("optimizer", "adam", "adam"),
            ("loss.style.layers", "[block1_conv1,block2_conv1]", "block1_conv1, block2_conv1"),
        ],
    )
    def test_labels(self, knob: str, value: str, text: str) -> None:
        assert sweeps.label(knob, value, self.GROUPS) == text

    def test_what_a_sweep_chooses_itself_is_left_to_it(self) -> None:
        steps = sweeps.Sweep(sweeps.NamedConfig("sweep", "s", "", (), ("style",)), "steps", ("1", "2"))
        asked = script.command(steps, "folder")
        assert asked[3:] == [
            "sweep=s",
            "extractor=vgg19",
            f"size={script.SIZE}",
            "observers=quiet",
            "content=cat",
            "sweep_dir=folder",
        ]


def make_sweep(folder: Path) -> None:
    """Runs of flat colors, one for each value of the knob `k`, all of the same content, each of a style of its own."""
    Image.new("RGB", (60, 40), SOURCE).save(folder / "content.png")
    for value, shade in SHADES.items():
        run = folder / "swept" / value
        run.mkdir(parents=True)
        Image.new("RGB", (64, 48), shade).save(run / "result.png")
        made_of = {"content": {"path": str(folder / "content.png")}, "style": {"path": f"{value}.png"}}
        made_of["init"] = made_of["content"] | {"path": "not looked at"}
        losses = {"content": {"block1_conv1": 1.0}, "style": {"block1_conv1": 1.0}}
        record: dict[str, Any] = {"status": "done", "weighted": losses}
        record |= {"overrides": ["size=64", f"k={value}"], "provenance": {"pictures": made_of}}
        (run / "result.json").write_text(json.dumps(record))


def far(found: Any, wanted: tuple[int, ...]) -> float:
    return max(abs(a - b) for a, b in zip(found, wanted, strict=True))


def middles(count: int, across: int, height: int) -> Iterator[tuple[int, int]]:
    left = strips.CELL // 2 + 2 * strips.GAP
    for place in range(count):
        y = place // across * (strips.LINE + height + strips.GAP) + strips.LINE + height // 2
        yield left + place % across * (strips.CELL + strips.GAP) + strips.CELL // 2, y


class TestStrips:
    def test_every_picture_is_in_its_place(self, tmp_path: Path) -> None:
        make_sweep(tmp_path)
        strip = strips.read(tmp_path / "swept", "k", list("cab"), list("cab"))
        strips.write(strip, tmp_path / "strips" / "k.jpg")
        with Image.open(tmp_path / "strips" / "k.jpg") as sheet:
            places = middles(3, 3, strips.CELL * 48 // 64)
            for value, place in zip("cab", places, strict=True):
                assert far(sheet.getpixel(place), SHADES[value]) < 12
            assert far(sheet.getpixel((strips.CELL // 4, strips.LINE + 20)), SOURCE) < 12

    def test_many_are_in_lines_of_equal_length(self) -> None:
        shades = [Image.new("RGB", (64, 32), (30 * place, 0, 0)) for place in range(8)]
        sheet = strips.draw(strips.Strip(["x"] * 8, shades, []))
        left = strips.CELL // 2 + 2 * strips.GAP
        for place, (x, y) in enumerate(middles(8, 4, strips.CELL // 2)):
            assert far(sheet.getpixel((x - left, y)), (30 * place, 0, 0)) == 0

    def test_long_labels_are_cut(self) -> None:
        font = strips.ImageFont.load_default(strips.TEXT)
        short = strips.cut("word " * 30, font, 100)
        assert short.endswith("…")
        assert 80 < font.getlength(short) <= 100
        assert strips.cut("word", font, 100) == "word"

    def test_what_is_missing_is_told(self, tmp_path: Path) -> None:
        make_sweep(tmp_path)
        with pytest.raises(InputError, match="no result of k=d, e"):
            strips.read(tmp_path / "swept", "k", ["a", "d", "e"], ["a", "d", "e"])

    def test_a_strip_that_is_not_there_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert script.main(["nosuch"]) == 2
        told = capsys.readouterr().err
        assert ("named nosuch; there are" in told, told.count("\n")) == (True, 1)


def test_the_whole_way_from_a_sweep_to_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the runs would leave in place of the runs."""
    asked: list[list[str]] = []
    make_sweep(tmp_path)
    sweep = sweeps.Sweep(sweeps.NamedConfig("sweep", "made", "", (), ()), "k", ("a", "b", "c"))
    monkeypatch.setattr(script, "FOLDER", str(tmp_path))
    monkeypatch.setattr(script, "STRIPS", tmp_path / "strips")
    monkeypatch.setattr(script.subprocess, "run", lambda command, **_: asked.append(command))
    (tmp_path / "swept").rename(tmp_path / "made")
    script.make(sweep, ())
    assert asked[0][3] == "sweep=made"
    assert (tmp_path / "strips" / "made.jpg").is_file()
    assert list(itertools.chain(script.chosen([sweep], []), script.chosen([sweep], ["made"]))) == [sweep, sweep]
