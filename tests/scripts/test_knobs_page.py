"""docs/knobs.md: it is up to date, lists every setting of conf/, and its strips show results of sweeps."""

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
from knobs_page import PAGE, STRIPS, page, strips, sweeps
from nst.cli import remarks
from nst.errors import InputError
from nst.settings import flatten
from tests.conftest import CONF
from tests.test_config import FILES, GROUP_FILES, NAMED

SHADES = {"a": (200, 0, 0), "b": (0, 200, 0), "c": (0, 0, 200)}
SOURCE = (90, 90, 90)


class TestPage:
    TEXT = PAGE.read_text()

    def test_the_page_is_up_to_date(self) -> None:
        expected = page.Writer(CONF, STRIPS, script.SIZE).text()
        assert expected == self.TEXT, "run python scripts/knobs.py --page"

    @pytest.mark.parametrize("file", [*GROUP_FILES, Path("config.yaml")], ids=str)
    def test_every_setting_is_on_the_page(self, file: Path) -> None:
        content = yaml.safe_load((CONF / file).read_text())
        content = {key: value for key, value in content.items() if key not in remarks.NO_KNOBS}
        prefix = "".join(f"{part}." for part in file.parts[:-1])
        for name in flatten(content, prefix):
            rows = [row for row in self.TEXT.splitlines() if row.startswith(f"| `{name}` |")]
            assert rows, f"{file}: {name}"
            assert not any(row.endswith("|  |") for row in rows), f"{file}: {name} has no remark"

    @pytest.mark.parametrize("file", [file for file in FILES if len(file.parts) > 1], ids=str)
    def test_every_choice_and_named_config_is_on_the_page(self, file: Path) -> None:
        group = "/".join(file.parts[:-1])
        assert ("python -m nst.run " if group in NAMED else "- `") + f"{group}={file.stem}`" in self.TEXT

    def test_every_strip_is_on_the_page_and_their_total_is_below_5_mb(self) -> None:
        named = re.findall(r"^!\[.*\]\((.*)\)$", self.TEXT, re.M)
        assert sorted(PAGE.parent / link for link in named) == sorted(STRIPS.iterdir())
        assert len(named) == self.TEXT.count("![")
        assert sum(file.stat().st_size for file in STRIPS.iterdir()) < 5_000_000

    def test_every_link_leads_to_a_heading(self) -> None:
        anchors = {page.anchor(title) for title in re.findall(r"^## (.*)", self.TEXT, re.M)}
        assert anchors == set(re.findall(r"\]\(#([^)]+)\)", self.TEXT))


class TestReading:
    def test_defaults_and_remarks_are_those_of_the_file(self) -> None:
        text = "# About\n_target_: x\na: 1.0e-08   # of a\nb: {c: '#1', d: [1, 2]}  # of b\n"
        text += "e:  # of e\n  f: null\n  g: 3 # of g\nh: ???\n"
        found = [(knob.name, knob.default, knob.remark) for knob in remarks.knobs(text, "group.")]
        assert found == [
            ("group.a", "1.0e-08", "of a"),
            ("group.b.c", "'#1'", "of b"),
            ("group.b.d", "[1, 2]", "of b"),
            ("group.e.f", "null", "of e"),
            ("group.e.g", "3", "of g"),
            ("group.h", "???", ""),
        ]
        assert remarks.about(text) == "About"

    def test_a_setting_shared_by_choices_has_one_row(self) -> None:
        def choice(name: str, **defaults: str) -> remarks.Choice:
            return remarks.Choice(name, "", tuple(remarks.Knob(key, value, "") for key, value in defaults.items()))

        group = remarks.Group("g", (choice("x", a="1", b="x"), choice("y", a="1", b="y"), choice("z", a="1")), "x")
        (table,) = page.grouped(group)
        assert [row.split(" | ")[:2] for row in table.splitlines()[2:]] == [
            ["| `a`", "`1`"],
            ["| `b`", "the choice's name"],
        ]

    def test_choices_are_named_where_defaults_differ(self) -> None:
        assert remarks.defaults({"x": "1", "y": "2", "z": "1"}, "xyz", page.code) == "`1` (x, z); `2` (y)"
        assert remarks.defaults(dict.fromkeys("vwxy", "1"), "vwxyz", page.code) == "`1` (all except z)"

    def test_characters_that_break_a_table_are_escaped(self) -> None:
        assert page.code("a|b") == "`a\\|b`"
        assert page.code("???") == "required"


class TestSweeps:
    GROUPS = ("style", "loss/style", "optimizer")

    def test_a_sweep_over_one_setting_is_found(self) -> None:
        text = "# @package _global_\n# command\n# One\n# two.\n#\n# Three.\ndefaults:\n  - override /experiment: e\n"
        text += "hydra: {sweeper: {params: {style.weights: '[1,2],[3,4]'}}}\n"
        named_config = sweeps.named("sweep", "one", text)
        (found,) = sweeps.sweeps([named_config])
        assert (named_config.about, named_config.builds_on) == ("One two.", ("experiment",))
        assert (found.values, found.labels(self.GROUPS)) == (("[1,2]", "[3,4]"), ["weights 1, 2", "weights 3, 4"])
        assert found.section(self.GROUPS) == "experiment"

    @pytest.mark.parametrize("params", ["{}", "{a: 1, b: '1,2'}", "{a: '1,2', b: '3,4'}", "{a: 'interval(0, 1)'}"])
    def test_other_sweeps_have_no_strip(self, params: str) -> None:
        assert not sweeps.sweeps([sweeps.named("sweep", "other", f"hydra: {{sweeper: {{params: {params}}}}}")])

    def test_a_sweep_belongs_to_the_group_of_its_setting(self) -> None:
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
    def test_labels_are_short(self, knob: str, value: str, text: str) -> None:
        assert sweeps.label(knob, value, self.GROUPS) == text

    def test_the_command_does_not_override_choices_of_the_sweep(self) -> None:
        sweep = sweeps.Sweep(sweeps.NamedConfig("sweep", "s", "", (), ("style",)), "steps", ("1", "2"))
        command = script.command(sweep, "folder")
        assert command[3:] == [
            "sweep=s",
            "extractor=vgg19",
            f"size={script.SIZE}",
            "observers=quiet",
            "content=cat",
            "sweep_dir=folder",
        ]


def make_sweep(folder: Path) -> None:
    """Write runs of flat colors, one per value of the setting `k`, with the same content and different styles."""
    Image.new("RGB", (60, 40), SOURCE).save(folder / "content.png")
    for value, shade in SHADES.items():
        run = folder / "swept" / value
        run.mkdir(parents=True)
        Image.new("RGB", (64, 48), shade).save(run / "result.png")
        pictures = {"content": {"path": str(folder / "content.png")}, "style": {"path": f"{value}.png"}}
        pictures["init"] = pictures["content"] | {"path": "unused"}
        losses = {"content": {"block1_conv1": 1.0}, "style": {"block1_conv1": 1.0}}
        record: dict[str, Any] = {"status": "done", "weighted": losses}
        record |= {"overrides": ["size=64", f"k={value}"], "provenance": {"pictures": pictures}}
        (run / "result.json").write_text(json.dumps(record))


def color_distance(found: Any, expected: tuple[int, ...]) -> float:
    return max(abs(a - b) for a, b in zip(found, expected, strict=True))


def cell_centers(count: int, across: int, height: int) -> Iterator[tuple[int, int]]:
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
            places = cell_centers(3, 3, strips.CELL * 48 // 64)
            for value, place in zip("cab", places, strict=True):
                assert color_distance(sheet.getpixel(place), SHADES[value]) < 12
            assert color_distance(sheet.getpixel((strips.CELL // 4, strips.LINE + 20)), SOURCE) < 12

    def test_many_pictures_are_in_lines_of_equal_length(self) -> None:
        shades = [Image.new("RGB", (64, 32), (30 * place, 0, 0)) for place in range(8)]
        sheet = strips.draw(strips.Strip(["x"] * 8, shades, []))
        left = strips.CELL // 2 + 2 * strips.GAP
        for place, (x, y) in enumerate(cell_centers(8, 4, strips.CELL // 2)):
            assert color_distance(sheet.getpixel((x - left, y)), (30 * place, 0, 0)) == 0

    def test_long_labels_are_cut(self) -> None:
        font = strips.ImageFont.load_default(strips.TEXT)
        short = strips.cut("word " * 30, font, 100)
        assert short.endswith("…")
        assert 80 < font.getlength(short) <= 100
        assert strips.cut("word", font, 100) == "word"

    def test_missing_values_are_reported(self, tmp_path: Path) -> None:
        make_sweep(tmp_path)
        with pytest.raises(InputError, match="no result of k=d, e"):
            strips.read(tmp_path / "swept", "k", ["a", "d", "e"], ["a", "d", "e"])

    def test_an_unknown_strip_is_reported(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert script.main(["nosuch"]) == 2
        errors = capsys.readouterr().err
        assert ("named nosuch; there are" in errors, errors.count("\n")) == (True, 1)


def test_a_sweep_becomes_a_strip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With prepared run folders in place of runs."""
    commands: list[list[str]] = []
    make_sweep(tmp_path)
    sweep = sweeps.Sweep(sweeps.NamedConfig("sweep", "made", "", (), ()), "k", ("a", "b", "c"))
    monkeypatch.setattr(script, "FOLDER", str(tmp_path))
    monkeypatch.setattr(script, "STRIPS", tmp_path / "strips")
    monkeypatch.setattr(script.subprocess, "run", lambda command, **_: commands.append(command))
    (tmp_path / "swept").rename(tmp_path / "made")
    script.make(sweep, ())
    assert commands[0][3] == "sweep=made"
    assert (tmp_path / "strips" / "made.jpg").is_file()
    assert list(itertools.chain(script.chosen([sweep], []), script.chosen([sweep], ["made"]))) == [sweep, sweep]
