"""Annotations -> JSON Schema."""

import types
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

Schema = dict[str, Any]

SIMPLE = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
INTERPOLATION: Schema = {"type": "string", "pattern": r"\$\{"}
REQUIRED: Schema = {"const": "???"}


def of_type(hint: Any, own: Schema) -> Schema:
    """The schema of a value with the annotation `hint`; `own` is that of the parts of a choice of several."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in SIMPLE:
        return {"type": SIMPLE[hint]}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [of_type(argument, own) for argument in arguments]}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (list, Sequence):
        return {"type": "array", "items": or_interpolation(of_type(arguments[0], own))}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": own if arguments[1] is Any else of_type(arguments[1], own)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.name for member in hint]}
    return {}


def or_interpolation(schema: Schema) -> Schema:
    """`schema`, or a text with an interpolation like `${seed}`."""
    if not schema or schema == {"type": "string"}:
        return schema
    return {"anyOf": [*schema.get("anyOf", [schema]), INTERPOLATION]}
