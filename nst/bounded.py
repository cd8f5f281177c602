"""Readers of YAML and JSON with bounds on everything, for text that anybody may have written.

The result consists of mappings with text as keys, lists, text, numbers, booleans and null. The readers refuse tags,
keys that occur twice, and aliases that grow or that contain themselves. Dates stay text, as in Hydra's configs. A
message names the text, not its contents.
"""

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from nst.errors import InputError

BYTES = 4 * 2**20  # length of a text, in characters
DEPTH = 32  # levels of mappings and lists inside each other
NODES = 100_000  # keys and values, with those that aliases repeat
ALIASES = 16
WHOLE = 2**63  # whole numbers are smaller
DIGITS = 64  # characters of a number; longer plain text in YAML is text

FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LONE = re.compile(r"\\u[dD][89a-fA-F]")  # half of a surrogate pair: a name that is not UTF-8, which `FAST` refuses
PLAIN = yaml.SafeLoader("")  # its rules for plain scalars; it keeps no state here
CONSTRUCTORS = {
    "tag:yaml.org,2002:null": PLAIN.construct_yaml_null,
    "tag:yaml.org,2002:bool": PLAIN.construct_yaml_bool,
    "tag:yaml.org,2002:int": PLAIN.construct_yaml_int,
    "tag:yaml.org,2002:float": PLAIN.construct_yaml_float,
}
MERGE = "tag:yaml.org,2002:merge"


class DataError(InputError):
    """A text that is not valid YAML or JSON, or is over a bound."""


def from_json(text: str, name: str) -> Any:
    """The value of a JSON text; messages call it `name`.

    Raises:
        DataError: it is not JSON, or is over a bound.
    """
    _check_length(text, name)
    try:
        value = json.loads(
            text, object_pairs_hook=_mapping, parse_int=_whole, parse_float=_finite, parse_constant=_refused
        )
        _check_nodes(value)
    except DataError as error:
        raise DataError(f"{name}: {error}") from error
    except json.JSONDecodeError as error:
        raise DataError(f"{name}: it is not valid JSON (line {error.lineno}, column {error.colno})") from error
    except RecursionError as error:
        raise DataError(f"{name}: it is over {DEPTH} levels deep") from error
    return value


def from_yaml(text: str, name: str) -> Any:
    """The value of a YAML text, None if it is empty; messages call it `name`.

    Raises:
        DataError: it is not YAML, has a tag or more than one document, or is over a bound.
    """
    _check_length(text, name)
    builder = _Builder()
    try:
        loader = yaml.SafeLoader if LONE.search(text) else FAST
        for event in yaml.parse(str(text), Loader=loader):  # Pillow returns a subclass of str
            builder.take(event)
        _check_nodes(builder.value)
    except DataError as error:
        raise DataError(f"{name}: {error}") from error
    except (yaml.YAMLError, UnicodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise DataError(f"{name}: it is not valid YAML{where}") from error
    return builder.value


def _check_length(text: str, name: str) -> None:
    if len(text) > BYTES:
        raise DataError(f"{name}: it is over {BYTES >> 20} MiB long")


def _check_nodes(value: Any) -> None:
    """Raise DataError if `value` has too many nodes or levels."""
    level, seen = [value], 0
    for _ in range(DEPTH + 1):
        seen += len(level)
        if seen > NODES:
            raise DataError(f"it has over {NODES} values")
        inner = [node for node in level if isinstance(node, dict | list)]
        if not inner:
            return
        level = [item for node in inner for item in (node.values() if isinstance(node, dict) else node)]
    raise DataError(f"it is over {DEPTH} levels deep")


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise DataError("a key occurs twice")
    return found


def _whole(text: str) -> int:
    if len(text) > DIGITS or not -WHOLE < int(text) < WHOLE:
        raise DataError("a whole number has over 63 bits")
    return int(text)


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise DataError("a number is not finite")
    return value


def _refused(text: str) -> float:
    raise DataError(f"{text} is not a number of JSON")


@dataclass
class _Open:
    """A mapping or list whose end has not been read; a mapping has a key between key and value."""

    value: dict[str, Any] | list[Any]
    anchor: str | None
    before: int  # nodes before it
    keys: list[str] = field(default_factory=list)


class _Builder:
    """Builds a value from the events of YAML's parser, which does not recurse."""

    def __init__(self) -> None:
        self.value: Any = None
        self._open: list[_Open] = []
        self._anchored: dict[str, tuple[Any, int]] = {}  # {anchor: (value, its nodes)}
        self._nodes = self._aliases = self._documents = 0

    def take(self, event: Any) -> None:
        """Add an event.

        Raises:
            DataError: the text is over a bound.
        """
        if getattr(event, "tag", None) is not None:
            raise DataError("it has a tag (!)")
        if isinstance(event, yaml.ScalarEvent):
            self._complete(_scalar(event), event.anchor, self._nodes)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor))
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) >= DEPTH:
                raise DataError(f"it is over {DEPTH} levels deep")
            value = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._open.append(_Open(value, event.anchor, self._nodes))
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self._open.pop()
            self._complete(done.value, done.anchor, done.before)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise DataError("it has more than one document")

    def _alias(self, anchor: str) -> None:
        """Add the value of an earlier anchor; a value that is still open has none, so none contains itself."""
        self._aliases += 1
        if self._aliases > ALIASES:
            raise DataError(f"it has over {ALIASES} aliases (*)")
        if anchor not in self._anchored:
            raise DataError("an alias (*) has no value before it")
        value, nodes = self._anchored[anchor]
        before, self._nodes = self._nodes, self._nodes + nodes - 1
        self._complete(value, None, before)

    def _complete(self, value: Any, anchor: str | None, before: int) -> None:
        """Put a complete node into the mapping or list around it."""
        self._nodes += 1
        if self._nodes > NODES:
            raise DataError(f"it has over {NODES} values")
        if anchor:
            self._anchored[anchor] = value, self._nodes - before
        if not self._open:
            self.value = value
            return
        around = self._open[-1]
        if isinstance(around.value, list):
            around.value.append(value)
        elif around.keys:
            around.value[around.keys.pop()] = value
        elif not isinstance(value, str):
            raise DataError("a key is not text")
        elif value in around.value:
            raise DataError("a key occurs twice")
        else:
            around.keys.append(value)


def _scalar(event: Any) -> Any:
    """The text, number, boolean or null of a scalar; a plain one by YAML 1.1, as `yaml.safe_load`."""
    text = str(event.value)
    if len(text) > DIGITS or not event.implicit[0]:
        return text
    tag = PLAIN.resolve(yaml.ScalarNode, text, event.implicit)
    if tag == MERGE:
        raise DataError("it has a merge key (<<)")
    if tag not in CONSTRUCTORS:  # text, or a date
        return text
    try:
        value = CONSTRUCTORS[tag](yaml.ScalarNode(tag, text))
    except ValueError as error:
        raise DataError("a number cannot be read") from error
    if isinstance(value, int) and not -WHOLE < value < WHOLE:
        raise DataError("a whole number has over 63 bits")
    return value
