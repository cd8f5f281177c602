"""Errors of the user's input, and checks of values. A message is one line: culprit, bound, nearest right name."""

import difflib
import math
import re
from collections.abc import Iterable
from typing import Any

LARGEST = 1e30
"""Bound of numbers without another one: their products with pictures and features stay finite in float32."""


class InputError(ValueError):
    """A config or an input that is not valid. `str(error)` is one line for the user."""


class UnknownKeyError(InputError):
    """A key that a config does not have.

    Args:
        message: the line for the user.
        path: the key's dotted name.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


def printable(text: str) -> str:
    """`text` from a foreign file as one line: a space for control characters, ? for what UTF-8 cannot represent."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).encode("utf-8", "replace").decode("utf-8")


def suggestion(word: object, known: Iterable[str], cutoff: float = 0.5) -> str:
    """`; did you mean 'adam'?` if one of `known` is near `word`, else `; choose from adam, lbfgs, sgd`."""
    names = sorted(set(known))
    near = [
        match for text in (str(word), str(word).lower()) for match in difflib.get_close_matches(text, names, 1, cutoff)
    ]
    return f"; did you mean '{near[0]}'?" if near else f"; choose from {', '.join(names)}" if names else ""


def unknown_key(path: str, known: Iterable[str], word: object = None) -> UnknownKeyError:
    """The error for a key that a config lacks, with the nearest of `known` to `word` (None: the key's last part)."""
    return UnknownKeyError(f"'{path}' is unknown{suggestion(word or path.rpartition('.')[2], known)}", path)


def check_kind(path: str, part: object, kind: type) -> None:
    """Raise InputError unless `part`, the object at `path` of a config, extends the contract `kind`."""
    if not isinstance(part, kind):
        raise InputError(f"{path}: {type(part).__name__} does not extend {kind.__module__}.{kind.__name__}")


def check_name(what: str, value: object, known: Iterable[str]) -> str:
    """`value` if it is one of `known`; else InputError with the nearest name."""
    names = list(known)
    if not isinstance(value, str) or value not in names:
        raise InputError(f"{what} '{value}' is unknown{suggestion(value, names)}")
    return value


def check_number(
    what: str,
    value: object,
    *,
    at_least: float = -math.inf,
    above: float = -math.inf,
    at_most: float = LARGEST,
    below: float = math.inf,
) -> float:
    """`value` if it is a finite number within the bounds; else InputError with the violated bound."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == math.inf:
        raise InputError(f"{what} must be a finite number, not {value}")
    for ok, bound in (
        (value >= at_least, f"at least {_shown(at_least)}"),
        (value > above, f"above {_shown(above)}"),
        (value <= at_most, f"at most {_shown(at_most)}"),
        (value < below, f"below {_shown(below)}"),
    ):
        if not ok:
            raise InputError(f"{what} must be {bound}, not {_shown(value)}")
    return value


def _shown(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"  # a format in `g` overflows at 1e308


def check_count(what: str, value: object, *, at_least: int = 0, at_most: int = 2**63 - 1) -> int:
    """`value` if it is a whole number within the bounds; else InputError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{what} must be a whole number, not {value}")
    return int(check_number(what, value, at_least=at_least, at_most=at_most))


def check_flag(what: str, value: object) -> bool:
    """`value` if it is a bool; else InputError: Python takes a text like 'no' as true."""
    if not isinstance(value, bool):
        raise InputError(f"{what} must be true or false, not {value}")
    return value


def check_list(what: str, value: object) -> list[Any]:
    """`value` as a list; InputError if it is not a list or tuple."""
    if not isinstance(value, list | tuple):
        raise InputError(f"{what} must be a list, like [{value}]")
    return list(value)
