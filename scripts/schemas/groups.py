"""The schema of a file of a group, and of a complete config such as an experiment."""

import re
import typing
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import yaml

from nst.cli.remarks import GLOBAL, knobs, main_knobs
from nst.runner.schema import GROUPS, Config
from schemas.settings import described, settings
from schemas.types import Schema, of_type, or_interpolation

DRAFT = "http://json-schema.org/draft-07/schema#"  # the one that editors know best
FOREIGN = {"type": "string", "pattern": r"^(?!(nst|hydra_plugins)\.)"}
CONFIG, DEFAULTS = "config.json", "defaults.json"
OF_HYDRA = ("hydra/launcher", "hydra/sweeper")
WITHOUT_CHOICES = ("schema", "config", "_self_")


def schemas(folders: Sequence[Path]) -> dict[str, Schema]:
    """{name of the file: schema} for conf/ and further folders of configs, which add choices and groups."""
    choices = _choices(folders)
    found = {file_name(group): of_group(group, folders[0]) for group in (*GROUPS, *OF_HYDRA)}
    return {**found, CONFIG: of_config(folders[0], choices), DEFAULTS: of_defaults(choices)}


def file_name(group: str) -> str:
    """The name of a group's schema: `loss_style.json`."""
    return f"{group.replace('/', '_')}.json"


def schema_for(path: Path) -> str:
    """The name of the schema for a file of a folder of configs; `path` is relative to the folder."""
    group = "/".join(path.parts[:-1])
    return file_name(group) if group in (*GROUPS, *OF_HYDRA) else CONFIG


def _choices(folders: Sequence[Path]) -> dict[str, list[str]]:
    """{group: names of its choices}, those of the user's own groups included."""
    files = sorted({file.relative_to(folder) for folder in folders for file in folder.rglob("*.yaml")})
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault("/".join(file.parts[:-1]), []).append(file.stem)
    return found


def of_group(group: str, conf: Path) -> Schema:
    """The schema of a file of a group."""
    targets = _targets(group, conf, own={"$ref": file_name(group)})
    head: Schema = {"defaults": {"$ref": DEFAULTS}}
    cases = [
        _case(
            {"properties": {"_target_": {"const": target}}, "required": ["_target_"]},
            {"defaults": {}, "_target_": {}, **properties},
        )
        for target, properties in targets.items()
    ]
    known: Schema = {"_target_": {"anyOf": [{"enum": list(targets)}, FOREIGN]}}
    if group == "observers":
        body: Schema = {"additionalProperties": {"anyOf": [{"type": "null"}, _object(known, cases, _union(targets))]}}
        return {"$schema": DRAFT, "title": group, "type": ["object", "null"], "properties": head, **body}
    return {"$schema": DRAFT, "title": group, **_object({**head, **known}, cases, {"defaults": {}, **_union(targets)})}


def _object(properties: Schema, cases: Sequence[Schema], without: Schema) -> Schema:
    """A mapping whose keys depend on its `_target_`; without one, it changes settings of another file."""
    partial = _case({"not": {"required": ["_target_"]}}, without)
    return {"type": ["object", "null"], "properties": properties, "allOf": [*cases, partial]}


def _case(when: Schema, properties: Schema) -> Schema:
    return {"if": when, "then": {"properties": properties, "additionalProperties": False}}


def _union(targets: Mapping[str, Mapping[str, Schema]]) -> dict[str, Schema]:
    """The settings of all targets; one with several schemas has any of them."""
    found: dict[str, list[Schema]] = {}
    for properties in targets.values():
        for name, schema in properties.items():
            bare = {key: value for key, value in schema.items() if key not in ("default", "description")}
            found.setdefault(name, [])
            found[name] += [bare] if bare not in found[name] else []
    remarks = {name: schema.get("description", "") for each in targets.values() for name, schema in each.items()}
    return {
        name: described(each[0] if len(each) == 1 else {"anyOf": each}, remarks[name]) for name, each in found.items()
    }


def _targets(group: str, conf: Path, own: Schema) -> dict[str, dict[str, Schema]]:
    """{`_target_`: schemas of its settings} of a group of nst."""
    found: dict[str, dict[str, Schema]] = {}
    files = sorted((conf / group).glob("*.yaml"))
    files += sorted((conf / "profile").glob("*.yaml")) if group == "observers" else []
    for file in files:
        text = file.read_text(encoding="utf-8")
        for node in _nodes(yaml.safe_load(text)):
            below = {knob.name.rpartition(".")[2]: knob.remark for knob in knobs(text, "")}
            found.setdefault(node["_target_"], settings(node["_target_"], below, node, own))
    return found


def _nodes(node: Any) -> list[dict[str, Any]]:
    """All mappings with a `_target_` in a YAML file."""
    if not isinstance(node, dict):
        return []
    return [*([node] if "_target_" in node else []), *(inner for value in node.values() for inner in _nodes(value))]


def of_config(conf: Path, choices: Mapping[str, Sequence[str]]) -> Schema:
    """The schema of conf/config.yaml, and of files with `# @package _global_`, which have some of its keys."""
    remarks = {knob.name: knob.remark for knob in main_knobs(conf)}
    properties = {**_fields(Config, remarks, ""), "defaults": {"$ref": DEFAULTS}, "hydra": {"type": ["object", "null"]}}
    own = sorted(
        group.partition("/")[0]
        for group in choices
        if group and not group.startswith("hydra") and not _is_global(conf, group)
    )
    properties |= {name: {} for name in own if name not in properties}
    head = {"$schema": DRAFT, "title": "nst", "type": ["object", "null"]}
    return {**head, "properties": properties, "additionalProperties": False}


def _is_global(conf: Path, group: str) -> bool:
    """Whether the files of a group of nst are named configs, which have no key of their own."""
    return any(file.read_text(encoding="utf-8").startswith(GLOBAL) for file in (conf / group).glob("*.yaml"))


def _fields(node: type, remarks: Mapping[str, str], prefix: str) -> dict[str, Schema]:
    """The schemas of the fields of a dataclass of nst.runner.schema."""
    found = {}
    for name, hint in typing.get_type_hints(node).items():
        path = f"{prefix}{name}"
        if path.replace(".", "/") in GROUPS:
            found[name] = {"$ref": file_name(path.replace(".", "/"))}
        elif is_dataclass(hint):
            inner = _fields(typing.cast(type, hint), remarks, f"{path}.")
            found[name] = {"type": "object", "properties": inner, "additionalProperties": False}
        else:
            found[name] = described(or_interpolation(of_type(hint, {})), remarks.get(path, ""))
    return found


def of_defaults(choices: Mapping[str, Sequence[str]]) -> Schema:
    """The schema of a defaults list: Hydra's forms, with the known groups and choices."""
    groups = {
        rf"^((override|optional) )*/?{re.escape(group)}(@\S+)?$": {
            "anyOf": [{"enum": [*names, None]}, {"type": "array", "items": {"enum": list(names)}}]
        }
        for group, names in choices.items()
        if group
    }
    free = {r"^(override )?/?hydra/": {}}
    every = {*WITHOUT_CHOICES, *(name for names in choices.values() for name in names)}
    paths = (f"{group}/{name}" for group, names in choices.items() for name in names if group)
    known = "|".join(map(re.escape, [*sorted(every), *paths]))
    text = {"type": "string", "pattern": rf"^/?({known})(@\S+)?$"}
    return {
        "$schema": DRAFT,
        "type": "array",
        "items": {
            "anyOf": [text, {"type": "object", "patternProperties": groups | free, "additionalProperties": False}]
        },
    }
