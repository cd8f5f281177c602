"""The bounded readers: equal to the usual ones for plain data, and one line for everything else."""

import json
import math
import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from nst import bounded
from nst.bounded import DataError, from_json, from_yaml
from nst.settings import flatten
from tests.conftest import CONF

WORD = "hunter2"
PLAIN: list[Any] = [
    {},
    [],
    None,
    "",
    {"a": [1, -2, 2.5, 1e-5, True, None, "yes", "1", "1e5", "0x1f", " é\n", "2026-01-01", "~", {"b": []}]},
    {"a b": {"c": [[1], [[2]]]}, "": 0},
]


@pytest.mark.parametrize("value", PLAIN)
def test_plain_data_survive_a_round_trip(value: Any) -> None:
    assert from_yaml(yaml.safe_dump(value), "it") == value
    assert from_json(json.dumps(value), "it") == value


@pytest.mark.parametrize("path", sorted(CONF.rglob("*.yaml")), ids=lambda path: path.stem)
def test_each_config_is_read_as_by_the_usual_reader(path: Any) -> None:
    text = path.read_text()
    assert from_yaml(text, "it") == yaml.safe_load(text)


def test_an_alias_repeats_a_value() -> None:
    assert from_yaml("a: &x [1, {b: 2}]\nc: *x\n", "it") == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}


def test_infinity_and_nan_are_numbers_in_yaml_and_nan_is_text_in_comparisons() -> None:
    value = from_yaml("a: .inf\nb: .nan", "it")
    assert value["a"] == math.inf
    assert flatten(value) == {"a": math.inf, "b": "NaN"}


BILLION = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
LONG = "a: &a [" + "x, " * 20_000 + "x]\n" + "".join(f"{name}: *a\n" for name in "bcdefgh")
HOSTILE = [
    (from_yaml, BILLION, "over 16 aliases"),
    (from_yaml, LONG, "over 100000 values"),
    (from_yaml, "a: &a [*a]", "an alias (*) has no value before it"),
    (from_yaml, "a: &a {b: &b {c: *a}}", "an alias (*) has no value before it"),
    (from_yaml, "a: *b", "an alias (*) has no value before it"),
    (from_yaml, "- " * 900 + "a", "over 32 levels deep"),
    (from_yaml, "[" * 100_000, "is not valid YAML|over 32 levels deep"),
    (from_yaml, "{a: " * 40 + "1" + "}" * 40, "over 32 levels deep"),
    (from_yaml, "a: &a " + "[" * 20 + "]" * 20 + "\nb: " + "[" * 20 + "*a" + "]" * 20, "over 32 levels deep"),
    (from_yaml, "!!python/object/apply:os.system [true]", "has a tag"),
    (from_yaml, "a: !!int 3", "has a tag"),
    (from_yaml, "<<: {a: 1}", "has a merge key"),
    (from_yaml, "1: a", "a key is not text"),
    (from_yaml, "? [a]\n: b", "a key is not text"),
    (from_yaml, "a: 1\na: 2", "a key occurs twice"),
    (from_yaml, "a: 1\n---\nb: 2", "more than one document"),
    (from_yaml, f"a: {10**40}", "over 63 bits"),
    (from_yaml, f"password: [{WORD}", "is not valid YAML (line"),
    (from_yaml, "a: \x00", "is not valid YAML"),
    (from_yaml, "- a\n" * 200_000, "over 100000 values"),
    (from_yaml, "#" * (bounded.BYTES + 1), "over 4 MiB"),
    (from_json, "[" * 100_000, "over 32 levels deep"),
    (from_json, "[" * 33 + "]" * 33, "over 32 levels deep"),
    (from_json, '{"a": 1, "a": 2}', "a key occurs twice"),
    (from_json, "9" * 5000, "over 63 bits"),
    (from_json, str(2**63), "over 63 bits"),
    (from_json, "1e999", "not finite"),
    (from_json, "[NaN]", "NaN is not a number of JSON"),
    (from_json, f'["{WORD}', "is not valid JSON (line 1"),
    (from_json, "[" + "1," * 200_000 + "1]", "over 100000 values"),
    (from_json, " " * (bounded.BYTES + 1), "over 4 MiB"),
]


@pytest.mark.parametrize(("read", "text", "message"), HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_is_refused_quickly_in_one_line_without_its_contents(
    read: Callable[[str, str], Any], text: str, message: str
) -> None:
    began = time.monotonic()
    with pytest.raises(DataError) as refused:
        read(text, "its recipe")
    assert time.monotonic() - began < 20
    said = str(refused.value)
    assert said.startswith("its recipe: ")
    assert any(part in said for part in message.split("|"))
    assert len(said.splitlines()) == 1
    assert WORD not in said
