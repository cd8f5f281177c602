"""The settings of a search, apart from its space."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nst.errors import InputError, check_count, check_name, unknown_key

SAMPLERS = ("tpe", "nsgaii", "random")


@dataclass(frozen=True)
class Prune:
    """When to end an unpromising run.

    Args:
        every: full-size equivalents between two reports of its score, at least 1.
        patience: consecutive reports that may be worse than the median of the other trials, at least 0.
        startup: trials that must be complete before any run is ended, at least 1.
    """

    every: int = 8
    patience: int = 2
    startup: int = 5

    def __post_init__(self) -> None:
        check_count("hydra.sweeper.prune.every", self.every, at_least=1)
        check_count("hydra.sweeper.prune.patience", self.patience)
        check_count("hydra.sweeper.prune.startup", self.startup, at_least=1)


@dataclass(frozen=True)
class Settings:
    """The sweeper's keys in conf/hydra/sweeper/nst_optuna.yaml, checked.

    Args:
        n_trials: number of trials in total, those of earlier commands included; at least 1.
        n_jobs: trials in a batch, which a launcher may run in parallel; at least 1.
        storage: an address, see `nst.search.storage`; None: a file in the sweep's folder.
        study_name: name of the study in the storage.
        sampler: `tpe` (Bergstra et al. 2011), `nsgaii` (Deb et al. 2002), `random`.
        seed: of the sampler, at least 0.
        prune: when to end runs early; None: never.
    """

    n_trials: int
    n_jobs: int
    storage: str | None
    study_name: str
    sampler: str
    seed: int
    prune: Prune | None

    def __post_init__(self) -> None:
        check_count("hydra.sweeper.n_trials", self.n_trials, at_least=1)
        check_count("hydra.sweeper.n_jobs", self.n_jobs, at_least=1)
        check_count("hydra.sweeper.seed", self.seed)
        check_name("hydra.sweeper.sampler", self.sampler, SAMPLERS)


def settle(given: Mapping[str, Any]) -> Settings:
    """Convert the sweeper's keys to settings.

    Raises:
        InputError: a key is unknown or missing, or a value is out of range.
    """
    return _made(Settings, {**given, "prune": _prune(given.get("prune"))}, "hydra.sweeper")


def _prune(given: Mapping[str, Any] | None) -> Prune | None:
    return None if given is None else _made(Prune, given, "hydra.sweeper.prune")


def _made(kind: Any, given: Mapping[str, Any], where: str) -> Any:
    known = kind.__dataclass_fields__
    for key in given:
        if key not in known:
            raise unknown_key(f"{where}.{key}", known)
    try:
        return kind(**given)
    except TypeError as error:
        raise InputError(f"{where}: {error}") from error
