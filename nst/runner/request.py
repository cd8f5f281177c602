"""The request for a run: its config, its folder, and the overrides and choices of the user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from nst.redaction import redacted_data
from nst.runner.folder import at_home
from nst.runner.instantiate import plain
from nst.setting_rules import NOT_RECORDED, OF_A_SWEEP, PRUNE_KEY


@dataclass(frozen=True)
class Request:
    """A run to perform.

    Args:
        config: the composed config.
        folder: the run folder.
        overrides: the overrides of the command line.
        choices: {group: chosen file}; None skips the check of choices.
        resume_with: command that resumes this run; empty: none is shown.
        sweep: folder of the sweep that the run belongs to.
        threads: number of CPU threads if the config has none; None uses all.
        created: whether the command has created the folder for this run; it is removed if the run is mistaken.
    """

    config: DictConfig
    folder: Path
    overrides: Sequence[str] = ()
    choices: Mapping[str, str | None] | None = None
    resume_with: str = ""
    sweep: Path | None = None
    threads: int | None = None
    created: bool = False

    def asked(self) -> dict[str, Any]:
        """The overrides and choices for the record, redacted, without those of Hydra and of a search's pruning."""
        choices = {group: choice for group, choice in (self.choices or {}).items() if not group.startswith("hydra/")}
        overrides = [text for text in self.overrides if not text.startswith(f"+{PRUNE_KEY}=")]
        return redacted_data(at_home({"overrides": overrides, "choices": choices}))

    @cached_property
    def recipe(self) -> dict[str, Any]:
        """The config as recorded: redacted, without the observers of a command and the other runs of a sweep.

        Callers must not change it.
        """
        settings = {**redacted_data(at_home(plain(self.config))), **OF_A_SWEEP}
        for group, _, name in (key.partition(".") for key in NOT_RECORDED):
            (settings.get(group) or {}).pop(name, None)
        return settings


def as_given(overrides: Any) -> list[str]:
    """The texts of Hydra's list of overrides, without resolving interpolations in them."""
    texts: Any = OmegaConf.to_container(overrides, resolve=False)
    return list(texts)


def score(config: DictConfig, metrics: Mapping[str, Any]) -> Any:
    """The values of the metrics that `config.score` names: a number, or a list if it names several."""
    found = [metrics[metric.value] for metric in config.score]
    return found[0] if len(found) == 1 else found
