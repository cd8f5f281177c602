"""Search instead of a grid: Optuna proposes settings, the launcher runs them, the storage remembers (extra `search`).

`space` reads Hydra's sweeps as distributions, `study` keeps the trials, `prune` ends a run that has no prospects.
"""

from __future__ import annotations

from typing import Any

from nst.errors import InputError


def search(sweeper: Any, arguments: list[str], **settings: Any) -> None:
    """Ask, run and tell until there are `n_trials` in total.

    Args:
        sweeper: Hydra's plugin, with its launcher, config and context.
        arguments: overrides; sweeps among them are the space, the later of two for one knob counts.
        settings: see `nst.search.settings.Settings`.

    Raises:
        InputError: Optuna is missing; a knob, a metric, a space or a storage that cannot serve. Before any trial.
    """
    try:
        import optuna as _  # noqa: F401
    except ImportError as error:
        raise InputError('hydra/sweeper=nst_optuna needs Optuna: python -m pip install ".[search]"') from error
    from nst.search.conduct import conduct

    conduct(sweeper, arguments, settings)
