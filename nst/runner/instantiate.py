"""A config -> the objects it names.

Every key is held against the constructor that will take it, with the nearest right one in the message: Hydra checks
keys on the command line only, not those in a user's YAML.
"""

import inspect
import logging
import re
from collections.abc import Iterator
from typing import Any

from hydra.errors import HydraException, InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nst.errors import InputError, unknown_key

TARGET = "_target_"


def build(config: DictConfig, path: str, optional: bool = False) -> Any:
    """The object that the node at `path` names; None where the node is null and `optional`.

    Raises:
        InputError: no node, a key its constructor does not take, a missing or impossible value; the message names it.
    """
    node = OmegaConf.select(config, path)
    if node is None and optional:
        return None
    if isinstance(node, DictConfig) and TARGET not in node:
        raise InputError(
            f"'{path}' names no {TARGET}: the file it comes from must say what to build, like nst's own do"
        )
    if not isinstance(node, DictConfig):
        raise InputError(f"'{path}' must be a choice of its group, not {node}; --help lists them")
    for where, inner in _targets(node, path):
        _check_keys(where, inner)
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        cause = _own_words(error)
        if isinstance(cause, InputError):
            raise type(cause)(_in_place(str(cause), path, str(error))) from cause.__cause__
        if not isinstance(cause, HydraException | TypeError | ValueError):
            raise cause from cause.__cause__  # not from `error`, which holds it: that would be a ring
        raise InputError(f"{path}: {str(cause).splitlines()[0]}") from cause
    except OmegaConfBaseException as error:
        raise InputError(f"{path}: {str(error).splitlines()[0]}") from error


def build_each(config: DictConfig, path: str) -> dict[str, Any]:
    """{name: object} of the nodes at `path`; those that are null are left out.

    Raises:
        InputError: as `build`, and for a node that names no target.
    """
    nodes = OmegaConf.select(config, path) or {}
    for name in nodes:
        if nodes[name] is not None and TARGET not in nodes[name]:
            raise unknown_key(f"{path}.{name}", [str(other) for other in nodes if other != name])
    return {str(name): build(config, f"{path}.{name}") for name in nodes if nodes[name] is not None}


def plain(config: DictConfig) -> dict[str, Any]:
    """A config as plain data, every interpolation resolved."""
    return OmegaConf.to_container(config, resolve=True, enum_to_str=True)  # pyright: ignore[reportReturnType]


def _targets(node: Any, path: str) -> Iterator[tuple[str, DictConfig]]:
    """Every node at or below `path` that names a target."""
    if isinstance(node, DictConfig):
        if TARGET in node:
            yield path, node
        for key in node:
            if not OmegaConf.is_missing(node, str(key)):
                yield from _targets(node[key], f"{path}.{key}")


def _check_keys(path: str, node: DictConfig) -> None:
    logging.disable(logging.ERROR)  # Hydra logs several lines of its own
    try:
        parameters = inspect.signature(get_object(node[TARGET])).parameters
    except (ImportError, InstantiationException, ValueError, TypeError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise InputError(f"{path}.{TARGET}: {node[TARGET]} cannot be imported ({reason})") from error
    finally:
        logging.disable(logging.NOTSET)
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    for key in node:
        name = str(key)
        if not name.startswith("_") and name not in parameters:
            raise unknown_key(f"{path}.{name}", parameters)
        if OmegaConf.is_missing(node, name):
            raise InputError(f"'{path}.{name}' must be given, like {path}.{name}=...")


def _in_place(text: str, path: str, message: str) -> str:
    """A complaint about a part, which knows its group's path only, with the part's own, which Hydra tells."""
    where = re.search(r"full_key: ([\w.]+)", message)
    return text.replace(f"{path}.", f"{where[1]}.", 1) if where and where[1].startswith(f"{path}.") else text


def _own_words(error: InstantiationException) -> BaseException:
    """The constructor's own exception, out of Hydra's wrapping."""
    cause: BaseException = error
    while isinstance(cause, InstantiationException) and cause.__cause__ is not None:
        cause = cause.__cause__
    return cause
