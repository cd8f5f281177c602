"""Checks of a config that Hydra does not make."""

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from nst.errors import InputError, check_count, check_name, unknown_key
from nst.image.encode import FORMATS
from nst.image.io import check_bits
from nst.runner.schema import GROUPS, MIXED, Config
from nst.state import Metric


def check_top(config: DictConfig) -> None:
    """Check the top-level keys: unknown (Hydra accepts `+name=`), deleted, and out of range.

    Raises:
        InputError: a key or its value is invalid; the message names it.
    """
    known = Config.__dataclass_fields__
    for key in config:
        if key not in known:
            raise unknown_key(str(key), known)
    for key in known:
        if key not in config or OmegaConf.is_missing(config, key):
            raise InputError(f"'{key}' is required")
    if config.steps is not None:
        check_count("steps", config.steps, at_least=1)
    check_count("seed", config.seed, at_least=0)
    if not config.score:
        raise InputError(f"score must name at least one of {', '.join(metric.value for metric in Metric)}")
    for suffix in config.output.formats:
        check_name("output.formats: format", suffix, FORMATS)
    check_bits("output.bits", config.output.bits, config.output.formats)


def check_choices(config: DictConfig, choices: Mapping[str, Any]) -> None:
    """Reject several choices for one group; Hydra would silently merge them."""
    for group in GROUPS:
        if group not in choices and OmegaConf.select(config, group.replace("/", ".")) is not None:
            mixed = f"; {group}=mix combines several" if group in MIXED else ""
            raise InputError(f"{group} takes one choice, not several{mixed}")
