"""What a run is asked for: its config, its folder, and how the person said it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from nst.runner.folder import at_home
from nst.runner.instantiate import plain
from nst.setting_rules import PRUNE_KEY


@dataclass(frozen=True)
class Request:
    """What is to be run, and where."""

    config: DictConfig
    folder: Path
    overrides: Sequence[str] = ()
    choices: Mapping[str, str | None] | None = None  # {group: the file chosen}
    resume_with: str = ""  # what, added to the command, lets it go on with this run
    sweep: Path | None = None  # the folder of the sweep that it is part of
    threads: int | None = None  # of the processor where the config leaves them open; None takes all

    def asked(self) -> dict[str, Any]:
        """What was asked for, as the record says it."""
        choices = {group: choice for group, choice in (self.choices or {}).items() if not group.startswith("hydra/")}
        overrides = [text for text in self.overrides if not text.startswith(f"+{PRUNE_KEY}=")]
        return at_home({"overrides": overrides, "choices": choices})

    @cached_property
    def recipe(self) -> dict[str, Any]:
        """The config as it is recorded, not to be changed: without the observer of a search."""
        settings = at_home(plain(self.config))
        group, _, name = PRUNE_KEY.partition(".")
        (settings.get(group) or {}).pop(name, None)
        return settings


def score(config: DictConfig, metrics: Mapping[str, Any]) -> Any:
    """What `config.score` asks for of some metrics: a number, or a list where it names several."""
    found = [metrics[metric.value] for metric in config.score]
    return found[0] if len(found) == 1 else found
