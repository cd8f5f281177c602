"""Convert a search space from Hydra's sweep syntax to Optuna's distributions.

choice(a,b) or a,b            one of the values
range(1,9,2)                  a number of this grid, the end excluded as in Python
interval(0.5,2)               any number between the ends, both included
int(interval(1,8))            any integer between the ends, both included
tag(log, ...)                 the same, uniform on a logarithmic scale
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from nst.errors import InputError
from nst.redaction import redacted_override

Space = dict[str, BaseDistribution]


def split(overrides: Sequence[Override]) -> tuple[Space, dict[str, str]]:
    """Split overrides into the search space and the fixed settings; of two for one key the later counts.

    Raises:
        InputError: nothing is searched, a sweep is empty, or it matches no distribution.
    """
    space: Space = {}
    fixed: dict[str, str] = {}
    for override in overrides:
        key = override.get_key_element()
        space.pop(key, None)
        fixed.pop(key, None)
        if override.is_sweep_override():
            space[key] = _distribution(key, override)
        else:
            fixed[key] = override.get_value_element_as_str()
    if not space:
        raise InputError("nothing is searched: give a setting an interval(a,b), a range(a,b) or a choice(a,b)")
    return space, fixed


def _distribution(key: str, override: Override) -> BaseDistribution:
    sweep: Any = override.value()
    try:
        if getattr(sweep, "shuffle", False):
            raise ValueError("a search chooses its own order; leave shuffle out")
        if isinstance(sweep, ChoiceSweep):
            return CategoricalDistribution([_label(choice) for choice in override.sweep_string_iterator()])
        if isinstance(sweep, RangeSweep):
            return _grid(sweep)
        if isinstance(sweep, IntervalSweep):
            return _interval(sweep)
    except ValueError as error:
        raise InputError(f"{key}: {' '.join(str(error).split())}") from error
    raise InputError(f"{key}: a search needs choice, range or interval, not {override.input_line}")


def labels(overrides: Sequence[Override]) -> dict[str, str]:
    """Return {label: choice}: the storage holds labels, in which addresses have no secrets."""
    choices = [override for override in overrides if override.is_choice_sweep()]
    return {_label(choice): choice for override in choices for choice in override.sweep_string_iterator()}


def _label(choice: str) -> str:
    return redacted_override(choice, tagged=True)


def _grid(sweep: RangeSweep) -> BaseDistribution:
    low, high = _bounds(sweep.range())
    if isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high, log="log" in sweep.tags, step=abs(int(sweep.step)))
    if "log" in sweep.tags:
        raise ValueError("log needs an interval, or a range of integers")
    return FloatDistribution(float(low), float(high), step=abs(float(sweep.step)))


def _bounds(values: Any) -> tuple[Any, Any]:
    """Return the smallest and the largest value, without listing the integers of a range."""
    values = values if isinstance(values, range) else list(values)
    if not len(values):
        raise ValueError("this range is empty")
    return min(values[0], values[-1]), max(values[0], values[-1])


def _interval(sweep: IntervalSweep) -> BaseDistribution:
    low: Any = sweep.start
    high: Any = sweep.end
    kind = IntDistribution if isinstance(low, int) and isinstance(high, int) else FloatDistribution
    return kind(low, high, log="log" in sweep.tags)


def corners(space: Space) -> list[dict[str, Any]]:
    """Return settings that cover every choice and both ends of every range, to check them before the first trial."""
    ends = {key: _ends(distribution) for key, distribution in space.items()}
    longest = max(len(values) for values in ends.values())
    return [{key: values[min(k, len(values) - 1)] for key, values in ends.items()} for k in range(longest)]


def _ends(distribution: Any) -> list[Any]:
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    return [distribution.low, distribution.high]


def as_overrides(values: Mapping[str, Any], labels: Mapping[str, str]) -> list[str]:
    """Return `key=value` for each item, with choices for `labels`; Hydra parses the same values."""
    return [f"{key}={labels.get(text := _text(value), text)}" for key, value in values.items()]


def _text(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{value} is not a valid setting")
    return repr(value) if isinstance(value, float) else str(value)
