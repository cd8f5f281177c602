"""The runs of a trial: its setting on each pair of a suite and with each seed; its score is their mean."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig

from nst.errors import InputError
from nst.redaction import tagged_address
from nst.runner.randomness import is_random
from nst.search.settings import Settings
from nst.search.space import as_overrides, corners, labels, split
from nst.sweep import expansion, suite


class TrialRuns:
    """The search space, and the runs of each of its settings.

    Args:
        config: of the search, Hydra's part included.
        loader: Hydra's config loader.
        arguments: overrides; the sweeps among them are the space, except pairs and seeds. Of two for one key the later
            counts.

    Raises:
        InputError: the space, the pairs or the seeds are invalid.
    """

    def __init__(self, config: DictConfig, loader: Any, arguments: Sequence[str]) -> None:
        self._config, self._loader = config, loader
        parsed = OverridesParser.create(config_loader=loader).parse_overrides(list(arguments))
        self.replication, rest = expansion.split(config, loader, parsed)
        (self.space, self._fixed), self._labels = split(rest), labels(rest)
        self._draws = cache(lambda setting: is_random(self._composed(setting)))

    @property
    def fixed(self) -> dict[str, str]:
        """{key: value} of everything that is the same in every trial, pairs and seeds included."""
        known, seeds = suite.pairs(self._config), self.replication.seeds
        pairs = [
            f"{name} ({', '.join(map(tagged_address, known[name].values()))})"
            for name in sorted(self.replication.pairs)
        ]
        replicated = {"pair": ", ".join(pairs), "seed": ",".join(seeds)}
        return {**self._fixed, **{key: text for key, text in replicated.items() if text}}

    @property
    def config(self) -> DictConfig:
        """The config that all trials share."""
        return self._composed(self._setting({}))

    @property
    def most(self) -> int:
        """The number of runs of a trial, at most."""
        return self.replication.runs

    def of(self, values: Mapping[str, Any]) -> list[list[str]]:
        """The overrides of each run of the trial with the settings `values`."""
        return self.replication.replicated([self._setting(values)], self._draws)

    def at_corners(self) -> list[list[str]]:
        """The overrides of a run at each corner of the space."""
        return [self.replication.first(self._setting(corner)) for corner in corners(self.space)]

    def check(self, settings: Settings) -> None:
        """Check what a search does not have: changes, a baseline, pruning of one run among several.

        Raises:
            InputError: the command asks for one of these, or for replicates where nothing is random.
        """
        for key in ("ablate", "baseline"):
            if self._config[key]:
                raise InputError(f"{key} needs a grid; a search (hydra/sweeper=nst_optuna) chooses its own settings")
        if settings.prune and len(self.config.score) > 1:
            raise InputError("hydra.sweeper.prune needs one score; with several, none alone can decide to end a run")
        if settings.prune and self.most > 1:
            raise InputError(
                f"hydra.sweeper.prune ends single runs, but a trial has {self.most} on pairs or seeds; leave it out"
            )
        at_corners = [self._setting(corner) for corner in corners(self.space)]
        expansion.check_random(self.replication, at_corners, self._draws)

    def _setting(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        return (*(f"{key}={value}" for key, value in self._fixed.items()), *as_overrides(values, self._labels))

    def _composed(self, setting: tuple[str, ...]) -> DictConfig:
        return self._loader.load_sweep_config(self._config, self.replication.first(setting))


def interrupted(returned: Sequence[JobReturn]) -> bool:
    """Whether any run of a trial was interrupted."""
    return any(run.status is JobStatus.COMPLETED and run.return_value is None for run in returned)


def scores(returned: Sequence[JobReturn]) -> list[float] | None:
    """Return the scores of a trial: the means over its runs, which are as many for each pair; None if a run failed."""
    found = [_scores(run) for run in returned]
    if None in found:
        return None
    return [math.fsum(values) / len(found) for values in zip(*filter(None, found), strict=True)]


def _scores(run: JobReturn) -> list[float] | None:
    """Return the scores of a run; None if it failed."""
    if run.status is not JobStatus.COMPLETED:
        return None
    value = run.return_value
    values = value if isinstance(value, Sequence) else [value]
    return [float(v) for v in values] if all(v is not None and math.isfinite(v) for v in values) else None
