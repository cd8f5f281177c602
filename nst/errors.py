"""Errors of the user's input, and checks of values. A message is one line: culprit, bound, nearest right name."""

import difflib
import math
from collections.abc import Iterable
from typing import Any


class InputError(ValueError):
    """A config or an input that is not valid. `str(error)` is one line for the user."""


def suggestion(word: object, known: Iterable[str], cutoff: float = 0.5) -> str:
    """`; did you mean 'adam'?` if one of `known` is near `word`, else `; choose from adam, lbfgs, sgd`."""
    names = sorted(set(known))
    near = difflib.get_close_matches(str(word), names, n=1, cutoff=cutoff)
    return f"; did you mean '{near[0]}'?" if near else f"; choose from {', '.join(names)}" if names else ""


def unknown_key(path: str, known: Iterable[str], word: object = None) -> InputError:
    """The error for a key that a config lacks, with the nearest of `known` to `word` (None: the key's last part)."""
    return InputError(f"'{path}' is unknown{suggestion(word or path.rpartition('.')[2], known)}")


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
    at_most: float = math.inf,
    below: float = math.inf,
) -> float:
    """`value` if it is a finite number within the bounds; else InputError with the violated bound."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{what} must be a finite number, not {value}")
    for ok, bound in (
        (value >= at_least, f"at least {at_least:g}"),
        (value > above, f"above {above:g}"),
        (value <= at_most, f"at most {at_most:g}"),
        (value < below, f"below {below:g}"),
    ):
        if not ok:
            raise InputError(f"{what} must be {bound}, not {value:g}")
    return value


def check_count(what: str, value: object, *, at_least: int = 0) -> int:
    """`value` if it is a whole number of at least `at_least`; else InputError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{what} must be a whole number, not {value}")
    return int(check_number(what, value, at_least=at_least))


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
