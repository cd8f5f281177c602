"""Ablations: the changes that `ablate` of a config lists, each made alone to every setting of a sweep."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import OverrideParseException
from omegaconf import DictConfig, ListConfig

from nst.errors import InputError
from nst.runner.instantiate import settings_of
from nst.setting_rules import REPLICATED, rule

Setting = tuple[str, ...]
"""The overrides of a run, `key=value`, without those of its pair and seed."""

LIKE = "like \"ablate=['pyramid=single','init=noise']\""


def changes(config: DictConfig, loader: Any) -> list[Setting]:
    """The overrides of each change of `config.ablate`.

    Args:
        config: of the sweep.
        loader: Hydra's config loader, which knows the groups.

    Raises:
        InputError: an entry is no override, has several values, changes no setting, or is there twice.
    """
    parser = OverridesParser.create(config_loader=loader)
    found = [tuple(_override(parser, text) for text in _texts(entry)) for entry in config.ablate]
    if twice := next((change for k, change in enumerate(found) if change in found[:k]), None):
        raise InputError(f"ablate: '{','.join(twice)}' is there twice; leave one out")
    return found


def _texts(entry: Any) -> list[Any]:
    """The overrides of one entry: a text, or a list of texts that belong together."""
    texts = list(entry) if isinstance(entry, ListConfig) else [entry]
    if not texts:
        raise InputError(f"ablate: an empty list is no change; write one or more overrides, {LIKE}")
    return texts


def _override(parser: OverridesParser, text: Any) -> str:
    """`text` in the form of Hydra's sweeper, checked."""
    if not isinstance(text, str):
        raise InputError(f"ablate: {text} is no override; write texts, {LIKE}")
    try:
        (parsed,) = parser.parse_overrides([text])
    except OverrideParseException as error:
        raise InputError(f"ablate: cannot read '{text}'; write overrides, {LIKE}") from error
    if parsed.is_sweep_override():
        raise InputError(f"ablate: '{text}' has more than one value; write an entry for each")
    key = parsed.key_or_group
    if key in REPLICATED or key.startswith(("hydra.", "hydra/")) or not rule(key).compared:
        raise InputError(f"ablate: '{text}' changes no setting that runs are compared by; leave it out")
    return f"{parsed.get_key_element()}={parsed.get_value_element_as_str()}"


def ablated(settings: Sequence[Setting], alone: Sequence[Setting]) -> list[Setting]:
    """Each setting as it is, then with each change alone, in which a changed key replaces the setting's own."""
    return list(dict.fromkeys(setting for base in settings for setting in (base, *_each(base, alone))))


def _each(base: Setting, alone: Sequence[Setting]) -> Iterator[Setting]:
    for change in alone:
        keys = {_key(text) for text in change}
        yield (*(text for text in base if _key(text) not in keys), *change)


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+")


def check_effect(
    settings: Sequence[Setting], alone: Sequence[Setting], compose: Callable[[Setting], DictConfig]
) -> None:
    """Check that each change changes at least one of the settings.

    Args:
        settings: those of the sweep, without changes.
        alone: the changes.
        compose: a setting's config.

    Raises:
        InputError: the settings have the change already, or an override is invalid.
    """
    for k, change in enumerate(alone):
        pairs = ((base, list(_each(base, alone))[k]) for base in settings)
        if all(_same(compose(base), compose(changed)) for base, changed in pairs):
            raise InputError(f"ablate: {','.join(change)} changes nothing: every run has it already; leave it out")


def _same(one: DictConfig, other: DictConfig) -> bool:
    """Whether two configs agree in everything that runs are compared by."""
    first, second = ({key: value for key, value in settings_of(c).items() if rule(key).compared} for c in (one, other))
    return first == second
