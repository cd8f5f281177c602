"""The settings of a class or function that a `_target_` names."""

import inspect
import re
import typing
from collections.abc import Mapping
from typing import Any

from hydra.utils import get_object

from nst.errors import InputError
from nst.optimizer.contract import Optimizer
from schemas.types import REQUIRED, Schema, of_type, or_interpolation

NONSENSE = "\x00"  # near to no name
EXAMPLES: dict[str, Any] = {"image": "x", "images": ["x"], "parts": {}}  # for parameters without a default


def settings(target: str, remarks: Mapping[str, str], listed: Mapping[str, Any], own: Schema) -> dict[str, Schema]:
    """{name: schema} of the parameters of `target`.

    Args:
        target: the dotted name of a class or function.
        remarks: {name: remark} from conf/.
        listed: the settings that its file lists; they count if the target takes any keyword.
        own: the schema of the parts of a choice of several.
    """
    built = get_object(target)
    parameters = inspect.signature(built).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return {name: described({}, remarks.get(name, "")) for name in listed if name != "_target_"}
    hints = typing.get_type_hints(built if hasattr(built, "__dataclass_fields__") else _function(built))
    return {
        parameter.name: described(
            _of(built, parameter, hints.get(parameter.name), own), remarks.get(parameter.name, "")
        )
        for parameter in parameters
    }


def described(schema: Schema, remark: str) -> Schema:
    """`schema` with a remark as its description."""
    return {"description": remark, **schema} if remark else schema


def _function(built: Any) -> Any:
    return built.__init__ if isinstance(built, type) else built


def _of(built: Any, parameter: inspect.Parameter, hint: Any, own: Schema) -> Schema:
    if isinstance(hint, type) and issubclass(hint, Optimizer):
        return {"$ref": "optimizer.json"}
    schema = of_type(hint, own)
    if names := _names(built, parameter.name, schema):
        schema = names
    schema = or_interpolation(schema)
    if parameter.default is parameter.empty:
        return {"anyOf": [*schema.get("anyOf", [schema]), REQUIRED]} if schema else schema
    default = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
    return {**schema, "default": default}


def _names(built: Any, name: str, schema: Schema) -> Schema:
    """The schema of a setting that takes one of a few names, or a list of them, as its own error lists them."""
    as_list = schema.get("type") == "array"
    if not as_list and schema != {"type": "string"}:
        return {}
    needed = {
        parameter.name: EXAMPLES[parameter.name]
        for parameter in inspect.signature(built).parameters.values()
        if parameter.default is parameter.empty and parameter.name in EXAMPLES
    }
    try:
        built(**{**needed, name: [NONSENSE] if as_list else NONSENSE})
    except InputError as error:
        listed = re.search(rf"'{NONSENSE}' is unknown; choose from (.+)$", str(error))
        names: Schema = {"enum": listed[1].split(", ")} if listed else {}
        return {"type": "array", "items": or_interpolation(names)} if names and as_list else names
    except (TypeError, ValueError):
        return {}
    return {}
