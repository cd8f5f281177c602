"""The number of runs in a sweep over a grid, checked before the first run."""

import math
from collections.abc import Sequence
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, RangeSweep

from nst.errors import InputError
from nst.runner.request import as_given

MOST = 100_000  # runs in a sweep
GRIDS = ("GridSweeper", "BasicSweeper")


def overrides_of_grid(config: Any) -> list[Override] | None:
    """Return the overrides of a sweep over a grid, the sweeps among them; None for another sweeper.

    Args:
        config: Hydra's part of the config.

    Raises:
        HydraException: an override is invalid.
        InputError: an override has no values or is an interval, or there are more than `MOST` runs.
    """
    if config.sweeper._target_.rpartition(".")[2] not in GRIDS:
        return None
    given = [f"{key}={value}" for key, value in (config.sweeper.params or {}).items()]
    loader = GlobalHydra.instance().config_loader()
    parser = OverridesParser.create(config_loader=loader)
    parsed = parser.parse_overrides([*given, *as_given(config.overrides.task)])
    _check_size(parsed, loader)
    return parsed


def _check_size(parsed: Sequence[Override], loader: Any) -> None:
    """Check that a sweep has runs, and not too many; of two overrides for one key the later counts."""
    counts = {override.get_key_element(): _count(override, loader) for override in parsed}
    if math.prod(counts.values()) > MOST:
        raise InputError(f"this sweep has {math.prod(counts.values())} runs; a sweep has at most {MOST}")


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
