"""The runs of each setting of a sweep: one for each pair of a suite and each seed.

A setting is everything that a config decides except pictures and seed. Pairs come first in the order of runs, then
seeds, then settings: a sweep that is stopped has compared all settings on the pairs that it has done.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from nst.errors import InputError, check_count
from nst.runner.checks import LABELS, check_labels
from nst.runner.randomness import EXAMPLES, is_random
from nst.runtime import logs
from nst.setting_rules import OF_A_SWEEP
from nst.sweep import ablation, suite
from nst.sweep.ablation import Setting
from nst.sweep.size import check_size

log = logging.getLogger(__name__)

MOST_REPLICATES = 1000
MOST_LOOKED_AT = 100
"""Settings of a sweep with seeds, at most, among which a random one is looked for, only to warn."""


@dataclass(frozen=True)
class Replication:
    """The runs of each setting.

    Args:
        pairs: names of pairs; empty without a suite.
        seeds: the seeds; empty: that of the config.
        needed: whether the seeds are only for settings that draw random numbers; others get the first one.
    """

    pairs: Sequence[str]
    seeds: Sequence[str]
    needed: bool

    @property
    def runs(self) -> int:
        """The number of runs of a setting, at most."""
        return max(1, len(self.pairs)) * max(1, len(self.seeds))

    def replicated(self, settings: Sequence[Setting], draws: Callable[[Setting], bool]) -> list[list[str]]:
        """The overrides of all runs of `settings`; `draws` is true for settings that draw random numbers."""
        return [
            [*pair, *seed, *setting]
            for pair in _axis("pair", self.pairs)
            for k, seed in enumerate(_axis("seed", self.seeds))
            for setting in settings
            if not k or not self.needed or draws(setting)
        ]

    def first(self, setting: Setting) -> list[str]:
        """The overrides of the first run of `setting`."""
        return [*_axis("pair", self.pairs)[0], *_axis("seed", self.seeds)[0], *setting]


def _axis(key: str, values: Sequence[str]) -> list[tuple[str, ...]]:
    return [(f"{key}={value}",) for value in values] or [()]


def split(config: DictConfig, loader: Any, overrides: Sequence[Override]) -> tuple[Replication, list[Override]]:
    """Split the overrides of a sweep into the pairs and seeds, and all others.

    Args:
        config: the config of the sweep.
        loader: Hydra's config loader.
        overrides: those of the sweep.

    Raises:
        InputError: a pair is unknown, `replicates` and `seed` are both given, or not only the suite chooses pictures.
    """
    for override in overrides:
        _check_one_value(override)
    check_labels(config)
    suite.check_pictures(config, [str(override.input_line) for override in overrides])
    given = {override.key_or_group: override for override in overrides if override.key_or_group in ("pair", "seed")}
    rest = [override for override in overrides if override.key_or_group not in given]
    known = suite.pairs(config)
    names = list(known)
    if (pair := given.get("pair")) and (pair.is_sweep_override() or pair.value() is not None):
        names = _values(pair, loader)
        for name in names:
            suite.check_pair(name, known)
    return Replication(names, *_seeds(config, loader, given.get("seed"))), rest


def _check_one_value(override: Override) -> None:
    """Raise InputError if a command sweeps over a key that is the same for all of its runs."""
    key = override.key_or_group
    if override.is_sweep_override() and key in (*OF_A_SWEEP, *LABELS, "suite"):
        raise InputError(
            f"{key} is the same for all runs of a sweep; give it one value, a list as [a,b], a text with commas as "
            f"""'{key}="a,b"'"""
        )


def _seeds(config: DictConfig, loader: Any, given: Override | None) -> tuple[Sequence[str], bool]:
    """The seeds, and whether only random settings need all of them."""
    if config.replicates is None:
        return (_values(given, loader) if given else []), False
    count = check_count("replicates", config.replicates, at_least=1, at_most=MOST_REPLICATES)
    if given:
        raise InputError(
            f"replicates={count} are the seeds 0 to {count - 1}; leave out {given.input_line}, or replicates"
        )
    return [str(seed) for seed in range(count)], True


def _values(override: Override, loader: Any) -> list[str]:
    """The values of an override, one or several."""
    if not override.is_sweep_override():
        return [override.get_value_element_as_str()]
    if not override.is_discrete_sweep():
        key = override.key_or_group
        raise InputError(f"{override.input_line}: the runs of a setting need values, like {key}=1,2")
    check_size([override], loader)
    return list(dict.fromkeys(override.sweep_string_iterator()))


class Expansion:
    """All runs of a sweep over a grid.

    Args:
        config: the config of the sweep, Hydra's part included.
        loader: Hydra's config loader.
        overrides: those of the sweep.

    Raises:
        InputError: the pairs, seeds or changes are invalid.
    """

    def __init__(self, config: DictConfig, loader: Any, overrides: Sequence[Override]) -> None:
        self._config, self._loader = config, loader
        self.replication, rest = split(config, loader, overrides)
        self._changes = ablation.changes(config, loader)
        (grid,) = BasicSweeper.split_arguments(list(rest), None)
        self._bases = [tuple(job) for job in grid]
        self.settings = ablation.ablated(self._bases, self._changes)
        self._random: dict[Setting, bool] = {}

    def jobs(self) -> list[list[str]]:
        """The overrides of each run."""
        return self.replication.replicated(self.settings, self.draws)

    def draws(self, setting: Setting) -> bool:
        """Whether a setting draws random numbers."""
        if setting not in self._random:
            self._random[setting] = is_random(self.composed(setting))
        return self._random[setting]

    def composed(self, setting: Setting) -> DictConfig:
        """The config of the first run of a setting, Hydra's part included."""
        return self._loader.load_sweep_config(self._config, self.replication.first(setting))

    def check(self) -> None:
        """Check that changes change something, and that replicates differ; warn if seeds that were given do not.

        Raises:
            InputError: a change has no effect, or nothing that is replicated is random.
        """
        ablation.check_effect(self._bases, self._changes, self.composed)
        check_random(self.replication, self.settings, self.draws)


def check_random(replication: Replication, settings: Sequence[Setting], draws: Callable[[Setting], bool]) -> None:
    """Check that runs with several seeds differ.

    Raises:
        InputError: replicates are wanted, but no setting draws random numbers. For seeds that were given, that is only
            a warning.
    """
    too_many = len(settings) > MOST_LOOKED_AT and not replication.needed
    if len(replication.seeds) < 2 or too_many or any(map(draws, settings)):
        return
    if replication.needed:
        raise InputError(
            f"replicates: nothing here is random, so all seeds give the same picture; random is {EXAMPLES}"
        )
    logs.to_console()
    log.warning("seed has %d values, but nothing here is random: all give the same picture", len(replication.seeds))
