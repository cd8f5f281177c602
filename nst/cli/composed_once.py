"""Compose each run of a sweep once: the sweeper composes it to check it, the launcher would compose it again."""

from collections.abc import Sequence
from typing import Any

from omegaconf import DictConfig

MOST = 512  # configs that are kept between the check and the launch, about 0.2 MB each


class ComposedOnce:
    """Hydra's config loader, which gives the configs of checked runs without composing them again.

    Sent to another process, it is the plain loader.

    Args:
        loader: Hydra's own.
    """

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._checked: dict[tuple[str, ...], DictConfig] = {}

    def check(self, config: DictConfig, batch: Sequence[Sequence[str]]) -> None:
        """Compose all runs of a batch, and keep the configs of the first ones.

        Args:
            config: the config of the sweep, Hydra's part included.
            batch: the overrides of each run.

        Raises:
            HydraException: an override is invalid.
        """
        self._checked.clear()
        for overrides in batch:
            composed = self._loader.load_sweep_config(config, list(overrides))
            if len(self._checked) < MOST:
                self._checked[tuple(overrides)] = composed

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """Return the config of a run; each kept config is given away once, because runs change their own."""
        kept = self._checked.pop(tuple(sweep_overrides), None)
        return self._loader.load_sweep_config(master_config, sweep_overrides) if kept is None else kept

    def __getattr__(self, name: str) -> Any:
        """All else is the loader's."""
        return getattr(self._loader, name)

    def __reduce__(self) -> Any:
        return _itself, (self._loader,)


def _itself(loader: Any) -> Any:
    return loader
