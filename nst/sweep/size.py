"""The number of runs in a sweep over a grid, checked before the first run."""

import math
from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.types import Override, RangeSweep

from nst.errors import InputError

MOST = 100_000  # runs in a sweep


def check_size(parsed: Sequence[Override], loader: Any) -> None:
    """Check that a sweep over a grid has runs, and not too many; of two overrides for one key the later counts.

    Args:
        parsed: its overrides.
        loader: Hydra's config loader.

    Raises:
        InputError: an override has no values or is an interval, or there are more than `MOST` runs.
    """
    counts = {override.get_key_element(): _count(override, loader) for override in parsed}
    check_runs(math.prod(counts.values()))


def check_runs(count: int) -> None:
    """Raise InputError if a sweep has over `MOST` runs."""
    if count > MOST:
        raise InputError(f"this sweep has {count} runs; a sweep has at most {MOST}")


def _count(override: Override, loader: Any) -> int:
    """Return the number of values of an override.

    Raises:
        InputError: there are none, or it is an interval, which only a search can sample.
    """
    if not override.is_sweep_override():
        return 1
    if not override.is_discrete_sweep():
        key = override.key_or_group
        raise InputError(f"{override.input_line} needs hydra/sweeper=nst_optuna; a grid takes values, like {key}=1,2")
    sweep: Any = override.value()
    count = _length(sweep) if isinstance(sweep, RangeSweep) else len(list(override.sweep_string_iterator()))
    if count:
        return count
    known = loader.get_group_options(override.key_or_group)
    choices = f"; choose from {', '.join(known)}" if known else "; range(1,3) is 1 and 2, without its end"
    raise InputError(f"{override.input_line} matches nothing{choices}")


def _length(sweep: RangeSweep) -> int:
    """Return the number of values of a range, without listing them."""
    start, stop, step = (float(end) for end in (sweep.start or 0, sweep.stop or 0, sweep.step))
    if step == 0 or not all(map(math.isfinite, (start, stop, step))):
        raise InputError(f"range({start:g},{stop:g},{step:g}) has no end; use finite numbers, and a step other than 0")
    return max(0, math.ceil((stop - start) / step))
