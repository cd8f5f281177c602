"""The baseline of a sweep, checked before the first run by the same code with which the report finds it."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from nst.errors import InputError
from nst.report.baseline import named
from nst.report.groups import grouped
from nst.report.runs import Run
from nst.runner.instantiate import settings_of
from nst.setting_rules import PICTURES
from nst.settings import chosen, compared
from nst.sweep.expansion import Expansion


def check(config: DictConfig, expansion: Expansion) -> None:
    """Check that `config.baseline` names a setting of the sweep, if it is given.

    Raises:
        InputError: it does not, or there is nothing to compare it with.
    """
    if config.baseline is None:
        return
    planned = [_planned(expansion, setting) for setting in expansion.settings]
    found = grouped(planned)
    if len(found) < 2:
        raise InputError("baseline: this sweep has one setting; a comparison needs two, like loss.style.weight=4,8")
    pictures = {tuple(run.settings.get(key) for key in PICTURES) for run in planned}
    if len(pictures) < 2 and len(expansion.replication.pairs) < 2:
        raise InputError(
            "baseline: this sweep has one pair of pictures; a comparison needs two, like those of suite=quick"
        )
    named(found, str(config.baseline))


def _planned(expansion: Expansion, setting: tuple[str, ...]) -> Run:
    """The first run of a setting, as the report would read it."""
    config: Any = expansion.composed(setting)
    own = settings_of(config)
    knobs = compared(own, chosen(own, dict(config.hydra.runtime.choices), setting))
    return Run(Path(), " ".join(setting), {}, knobs, setting, "done")
