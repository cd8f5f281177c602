"""The JSON Schemas of config files: up to date, true of conf/, false of mistakes."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource

import schema as script
from schemas.groups import CONFIG, schema_for, schemas
from tests.conftest import CONF
from tests.test_config import FILES

FOUND = schemas([CONF])
BUILT_IN = Registry(retrieve=lambda uri: Resource.from_contents(FOUND[uri]))


def problems(path: str | Path, content: Any, registry: Any = BUILT_IN) -> list[str]:
    """What the schema for a file of a folder of configs finds wrong with `content`."""
    chosen = registry.get_or_retrieve(schema_for(Path(path))).value.contents
    validator = jsonschema.Draft7Validator(chosen, registry=registry)
    return [error.message for error in validator.iter_errors(content)]


def test_the_committed_schemas_are_up_to_date() -> None:
    written = {file.name: file.read_text(encoding="utf-8") for file in script.FOLDER.glob("*.json")}
    assert written == script.texts([CONF]), "run python scripts/schema.py"


@pytest.mark.parametrize("name", FOUND)
def test_every_schema_is_valid(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(FOUND[name])


@pytest.mark.parametrize("file", FILES, ids=str)
def test_every_file_of_conf_is_valid(file: Path) -> None:
    assert problems(file, yaml.safe_load((CONF / file).read_text())) == []


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_mistyped_key_is_found_in_every_file(file: Path) -> None:
    content = yaml.safe_load((CONF / file).read_text()) or {}
    if "_target_" in content or schema_for(file) == CONFIG:
        assert problems(file, {**content, "wieght": 1})


GRAM = {"_target_": "nst.loss.style.gram.Gram", "weight": 8.0}
MISTAKES = {
    "loss/style/mine.yaml": [
        {**GRAM, "weight": "much"},
        {**GRAM, "normalizer": "targett"},
        {**GRAM, "layers": ["block1_conf1"]},
        {**GRAM, "layers": "block1_conv1"},
        {**GRAM, "_target_": "nst.loss.style.gramm.Gram"},
        {**GRAM, "shift": -1.0},  # of another loss
        {"defaults": ["gramm", "_self_"]},
        {"wieght": 2.0},
        {"_target_": "nst.loss.objective.Mix", "parts": {"gram": {"wieght": 1}}},
    ],
    "optimizer/mine.yaml": [
        {"_target_": "nst.optimizer.adam.Adam", "box": "yes please"},
        {"defaults": [{"/optimizer@optimizer": "adamm"}], "_target_": "nst.optimizer.best.Best"},
    ],
    "observers/mine.yaml": [
        {"history": {"_target_": "nst.observers.history.History", "every": 1.5}},
        {"history": {"_target_": "nst.observers.history.History", "evry": 1}},
    ],
    "experiment/mine.yaml": [
        {"size": 64, "step": 1},
        {"precision": "float64"},
        {"seed": "one"},
        {"stop": {"patence": 3}},
        {"style": {"scale": "large"}},
        {"defaults": [{"override /optimizer": "adamm"}]},
        {"defaults": [{"override /optimiser": "adam"}]},
        {"loss": {"style": {"weight": [1]}}},
    ],
}


@pytest.mark.parametrize(("path", "content"), [(path, content) for path, each in MISTAKES.items() for content in each])
def test_a_mistake_is_found(path: str, content: dict[str, Any]) -> None:
    assert problems(path, content)


RIGHT = {
    "loss/style/mine.yaml": [
        {"_target_": "means.Means", "anything": [1, {"a": 2}]},
        {**GRAM, "weight": "${oc.env:WEIGHT}", "layers": "${loss.content.layers}", "layer_weights": [1, "${seed}"]},
        {"defaults": ["gram", "_self_"], "weight": 2},
        None,
    ],
    "experiment/mine.yaml": [
        {"defaults": ["/pairs", {"override /style": "ink"}, {"optional override /color": "free"}, "_self_"]},
        {"defaults": [{"/loss/style@loss.style.parts.second": "gram"}], "loss": {"style": {"weight": 3}}},
        {"hydra": {"mode": "MULTIRUN", "sweeper": {"params": {"size": "64,128"}}}, "size": [64, 80]},
        {"observers": {"mine": {"_target_": "status.Status", "every": 3}, "snapshots": {"every": 2}}},
    ],
}


@pytest.mark.parametrize(("path", "content"), [(path, content) for path, each in RIGHT.items() for content in each])
def test_what_hydra_takes_is_valid(path: str, content: Any) -> None:
    assert problems(path, content) == []


def test_a_folder_of_ones_own_adds_choices_and_groups(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("style/klimt.yaml", "effort/low.yaml"):
        (tmp_path / "mine" / name).parent.mkdir(parents=True)
        (tmp_path / "mine" / name).touch()
    assert script.main(["--config-dir", str(tmp_path / "mine"), "--out", str(tmp_path / "out")]) == 0
    written = {file.name: json.loads(file.read_text()) for file in (tmp_path / "out").iterdir()}
    registry = Registry(retrieve=lambda uri: Resource.from_contents(written[uri]))
    content = {"defaults": [{"override /style": "klimt"}, {"/effort": "low"}], "effort": {"a": 1}}
    assert problems("experiment/mine.yaml", content)
    assert problems("experiment/mine.yaml", content, registry) == []
    capsys.readouterr()
    assert script.main(["--config-dir", str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.endswith("nowhere is not a folder\n")
