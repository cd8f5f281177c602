"""Change the config of a recipe by overrides: `group=choice` replaces a group, `key=value` one setting."""

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nst.cli.config_files import ConfigFiles
from nst.cli.recipe import CONF, TOP
from nst.errors import InputError, unknown_key
from nst.runner.instantiate import plain
from nst.setting_rules import OF_A_SWEEP, PICTURES
from nst.settings import flatten

GROUPS_OF_CONFIGS = ("experiment", "suite", "sweep", "profile", "debug")


def changed(config: DictConfig, overrides: Sequence[str], files: ConfigFiles = CONF) -> DictConfig:
    """Apply overrides in Hydra's syntax to `config`: `group=choice` replaces a group, `key=value` one setting."""
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        _override(config, override, files)
    return config


def choices(before: Mapping[str, Any], overrides: Sequence[str], files: ConfigFiles = CONF) -> dict[str, Any]:
    """Return {group: name of the chosen file} after `overrides` of the earlier choices `before`."""
    chosen = dict(before)
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        group, place = override.key_or_group, _place(override)
        if files.is_group(group):  # nested choices are replaced with it
            chosen = {key: value for key, value in chosen.items() if not key.partition("@")[2].startswith(f"{place}.")}
            chosen[f"{group}@{place}" if override.package else group] = override.value()
    return {group: choice for group, choice in chosen.items() if not isinstance(choice, list)}  # as Hydra: no lists


def _place(override: Override) -> str:
    """Return the place of a choice in the config: that of `group@place=choice`, else the group's own."""
    return override.package or override.key_or_group.replace("/", ".")


def _override(config: DictConfig, override: Override, files: ConfigFiles) -> None:
    key, value = override.key_or_group, override.value()
    _check_single(key, override)
    if key in PICTURES:
        config.pair = None
    if files.is_group(key):
        place = _place(override)
        if files.group(place) != key or not isinstance(OmegaConf.select(config, place), DictConfig):
            raise InputError(f"'{override.input_line}': there is no {key} at {place} in the recipe")
        node = OmegaConf.select(files.composed([f"{key}={value}"]), key.replace("/", "."))
        OmegaConf.update(config, place, node, merge=False)
        return
    known = flatten(plain(config))
    parent, _, name = key.rpartition(".")
    if parent and name not in _keys(OmegaConf.select(config, parent)):
        raise unknown_key(key, known, key)
    if not parent and key not in config:
        raise unknown_key(key, TOP)
    try:
        OmegaConf.update(config, key, value, merge=False)
    except OmegaConfBaseException as error:
        raise InputError(f"{key}: {str(error).splitlines()[0]}") from error


def _keys(node: Any) -> list[Any]:
    """The keys of a node of a config, those without a value included."""
    return list(node) if isinstance(node, DictConfig) else []


def _check_single(key: str, override: Override) -> None:
    """Raise InputError unless `override` changes one setting of one run."""
    if override.is_sweep_override():
        raise InputError(f"'{override.input_line}' has more than one value; nst.repeat makes one picture")
    if key in GROUPS_OF_CONFIGS:
        raise InputError(
            f"'{key}' chooses a whole config, which needs nst.run; nst.repeat changes single settings of a recipe"
        )
    if key in OF_A_SWEEP:
        raise InputError(f"'{key}' makes several runs, which needs nst.run; nst.repeat makes one picture")
    if key == "pair":
        raise InputError("'pair' needs a suite, and so nst.run; nst.repeat changes content.image or style.image")
