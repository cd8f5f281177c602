"""Build the objects that a config names.

Every key is checked against its constructor, because Hydra checks only keys of the command line, not of a user's YAML.
The message for an unknown key suggests the nearest known key.
"""

import inspect
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hydra.errors import HydraException, InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nst.errors import InputError, unknown_key
from nst.runner.hydra_versions import allowed

TARGET = "_target_"


def build(config: DictConfig, path: str, optional: bool = False) -> Any:
    """Build the object that the node at `path` names; None if the node is null and `optional`.

    Raises:
        InputError: no node, an unknown key, or a missing or invalid value; the message names it.
    """
    node = OmegaConf.select(config, path)
    if node is None and optional:
        return None
    if isinstance(node, DictConfig) and TARGET not in node:
        raise InputError(f"'{path}' has no {TARGET}: its config file must name the class to build, like those of nst")
    if not isinstance(node, DictConfig):
        group = path.replace(".", "/")
        like = f"{group}={node}" if isinstance(node, str) else f"{group}=..."
        raise InputError(f"'{path}' must be a choice of its group, like {like}; --help {group} lists them")
    inside = dict(_targets(node, path))
    for where, inner in inside.items():
        _check_own(where, inner)
        _check_keys(where, inner)
    try:
        return instantiate(node, _convert_="all", **allowed(str(inner[TARGET]) for inner in inside.values()))
    except InstantiationException as error:
        cause = _own_words(error)
        if isinstance(cause, InputError):
            raise type(cause)(_in_place(str(cause), path, str(error))) from cause.__cause__
        if not isinstance(cause, HydraException | TypeError | ValueError):
            raise cause from cause.__cause__  # not from `error`: its chain contains `cause`, so that would be a cycle
        raise InputError(f"{path}: {str(cause).splitlines()[0]}") from cause
    except OmegaConfBaseException as error:
        raise InputError(f"{path}: {str(error).splitlines()[0]}") from error


def build_each(config: DictConfig, path: str) -> dict[str, Any]:
    """Build {name: object} from the nodes at `path`; null nodes are skipped.

    Raises:
        InputError: as `build`; also if a node has no `_target_`.
    """
    nodes = OmegaConf.select(config, path) or {}
    if not isinstance(nodes, Mapping):
        raise InputError(f"'{path}' must be a choice of its group, not {nodes}; --help lists them")
    for name in nodes:
        if nodes[name] is not None and not (isinstance(nodes[name], DictConfig) and TARGET in nodes[name]):
            raise unknown_key(f"{path}.{name}", [str(other) for other in nodes if other != name])
    return {str(name): build(config, f"{path}.{name}") for name in nodes if nodes[name] is not None}


def plain(config: DictConfig) -> dict[str, Any]:
    """`config` as plain data, with all interpolations resolved."""
    return OmegaConf.to_container(config, resolve=True, enum_to_str=True)  # pyright: ignore[reportReturnType]


def settings_of(config: DictConfig) -> dict[str, Any]:
    """`config` of a run, without Hydra's part, as plain data."""
    return plain(OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"]))


def _targets(node: Any, path: str) -> Iterator[tuple[str, DictConfig]]:
    """Yield (path, node) for every node with a `_target_` at or below `path`."""
    if isinstance(node, DictConfig):
        if TARGET in node:
            yield path, node
        for key in node:
            if not OmegaConf.is_missing(node, str(key)):
                yield from _targets(node[key], f"{path}.{key}")


def _check_own(path: str, node: DictConfig) -> None:
    """Reject keys that change how Hydra builds the object, like `_partial_`."""
    for key in node:
        if str(key).startswith("_") and key != TARGET:
            raise InputError(f"'{path}.{key}' is not a setting: it changes how Hydra builds the object; leave it out")


def _check_keys(path: str, node: DictConfig) -> None:
    logging.disable(logging.ERROR)  # suppress Hydra's log lines
    try:
        parameters = inspect.signature(get_object(str(node[TARGET]))).parameters
    except (ImportError, InstantiationException, ValueError, TypeError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise InputError(f"{path}.{TARGET}: {node[TARGET]} cannot be imported ({reason})") from error
    finally:
        logging.disable(logging.NOTSET)
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    for key in node:
        name = str(key)
        if name != TARGET and name not in parameters:
            raise unknown_key(f"{path}.{name}", parameters)
        if OmegaConf.is_missing(node, name):
            raise InputError(f"'{path}.{name}' is required: add {path}.{name}=VALUE")


def _in_place(text: str, path: str, message: str) -> str:
    """`text` with the full path of a nested node, from Hydra's `message`, in place of `path`."""
    where = re.search(r"full_key: ([\w.]+)", message)
    return text.replace(f"{path}.", f"{where[1]}.", 1) if where and where[1].startswith(f"{path}.") else text


def _own_words(error: InstantiationException) -> BaseException:
    """The exception of the constructor, without Hydra's wrappers."""
    cause: BaseException = error
    while isinstance(cause, InstantiationException) and cause.__cause__ is not None:
        cause = cause.__cause__
    return cause
