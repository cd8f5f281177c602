"""The runs of a sweep over a grid, before the first one."""

from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser

from nst.cli import baseline
from nst.errors import InputError
from nst.runner.request import as_given
from nst.sweep import suite
from nst.sweep.expansion import Expansion
from nst.sweep.size import check_runs, check_size

SWEEPERS, SEARCH = ("GridSweeper", "BasicSweeper"), "OptunaSweeper"


def jobs_of_grid(config: Any) -> list[list[str]] | None:
    """Return the overrides of each run of a sweep over a grid, checked; None for another sweeper.

    Args:
        config: of the sweep, Hydra's part included.

    Raises:
        HydraException: an override is invalid.
        InputError: the sweep has no runs or too many; its suite, seeds, changes or baseline are invalid.
    """
    sweeper = config.hydra.sweeper._target_.rpartition(".")[2]
    if sweeper not in SWEEPERS:
        if sweeper != SEARCH and suite.mode(_root_=config):
            raise InputError(f"a suite, replicates and ablate need hydra/sweeper=basic or nst_optuna, not {sweeper}")
        return None
    loader = GlobalHydra.instance().config_loader()
    given = [f"{key}={value}" for key, value in (config.hydra.sweeper.params or {}).items()]
    parser = OverridesParser.create(config_loader=loader)
    parsed = parser.parse_overrides([*given, *as_given(config.hydra.overrides.task)])
    check_size(parsed, loader)
    expansion = Expansion(config, loader, parsed)
    check_runs(len(expansion.settings) * expansion.replication.runs)
    expansion.check()
    baseline.check(config, expansion)
    return expansion.jobs()
