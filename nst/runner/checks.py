"""Checks of a config that Hydra does not make."""

import re
from collections.abc import Collection, Mapping
from dataclasses import is_dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from nst.errors import InputError, check_count, check_name, printable, unknown_key
from nst.image.encode import FORMATS
from nst.image.io import check_bits, check_dpi
from nst.layers import SMALLEST_TILE
from nst.redaction import is_redacted
from nst.runner.instantiate import plain
from nst.runner.recorded import NOTES, TAG
from nst.runner.schema import GROUPS, LISTED, MIXED, Config
from nst.runtime.device import check_threads
from nst.settings import flatten
from nst.state import Metric

LABELS = ("tags", "notes", "baseline")  # texts, in which an address has no use
MOST_STEPS = 10**7  # evaluations of a run: at a millisecond each, three hours


def check_resolves(config: DictConfig) -> None:
    """Resolve all interpolations of a config.

    Raises:
        InputError: one does not resolve; the message names the setting that has it.
    """
    try:
        plain(config)
    except RecursionError as error:
        raise InputError("a setting refers to itself, or is nested too deeply") from error


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
        if is_dataclass(known[key].type):
            _check_section(key, config[key], known[key].type.__dataclass_fields__)
    if config.steps is not None:
        check_count("steps", config.steps, at_least=1, at_most=MOST_STEPS)
    if config.threads is not None:
        check_threads("threads", config.threads)
    check_count("seed", config.seed, at_least=0)
    if not config.score:
        raise InputError(f"score must name at least one of {', '.join(metric.value for metric in Metric)}")
    check_labels(config)
    _check_output(config.output)
    checked_tiles(config.tiles)


def _check_output(output: DictConfig) -> None:
    for suffix in output.formats:
        check_name("output.formats: format", suffix, FORMATS)
    if output.dpi is not None:
        check_dpi("output.dpi", output.dpi)
    check_bits("output.bits", output.bits, output.formats)


def checked_tiles(tiles: object) -> str | int | None:
    """`auto`, the side of tiles in pixels, or None if there are none.

    Raises:
        InputError: the setting is neither `auto`, `off` nor a side.
    """
    if tiles is None or tiles is False or tiles == "off":  # YAML reads an unquoted `off` as false
        return None
    if tiles == "auto":
        return "auto"
    if isinstance(tiles, str):
        raise InputError(f"tiles must be auto, off, or a side in pixels, not {printable(tiles)}")
    return check_count("tiles", tiles, at_least=SMALLEST_TILE)


def check_labels(config: DictConfig) -> None:
    """Check tags, notes and the baseline.

    Raises:
        InputError: a tag is no word of at most `TAG` characters, the notes are too long, or a text has an
            interpolation, which a recipe may not contain.
    """
    for key in LABELS:
        if "${" in str(config[key]):
            raise InputError(f"{key} may not contain '${{', because recipes may not")
    for tag in config.tags:
        if not 0 < len(tag) <= TAG or not re.fullmatch(r"[^\s,]+", tag) or not tag.isprintable():
            raise InputError(
                f"tags: '{printable(tag)[:TAG]}' must be a word of 1 to {TAG} characters, like [draft,klimt]"
            )
    notes = config.notes or ""
    if len(notes) > NOTES:
        raise InputError(f"notes have {len(notes)} characters; at most {NOTES} are recorded")


def _check_section(key: str, section: Any, known: Collection[str]) -> None:
    if not isinstance(section, DictConfig):
        raise no_section(key, section)
    for name in section:
        if name not in known:
            raise unknown_key(f"{key}.{name}", known)


def no_section(key: str, value: object) -> InputError:
    """The error for a top-level key that must contain settings, but has `value`."""
    known = Config.__dataclass_fields__[key].type.__dataclass_fields__
    return InputError(f"'{key}' must contain settings, like {key}.{next(iter(known))}=..., not {value}")


def check_addresses(config: DictConfig) -> None:
    """Reject addresses that a record holds without their secrets.

    Raises:
        InputError: there is one; the message names its setting.
    """
    for key, value in flatten(plain(config)).items():
        if key not in LABELS and isinstance(value, str) and is_redacted(value):
            like = '["https://..."]' if value.startswith("[") else '"https://..."'
            raise InputError(
                f"{key}: {value} lacks its user name, password or query, which are never recorded; "
                f"give the whole address: '{key}={like}'"
            )


def check_choices(config: DictConfig, choices: Mapping[str, Any]) -> None:
    """Reject several choices for one group; Hydra would silently merge them."""
    for group in GROUPS:
        if group not in (*choices, *LISTED) and OmegaConf.select(config, group.replace("/", ".")) is not None:
            mixed = f"; {group}=mix combines several" if group in MIXED else ""
            raise InputError(f"{group} takes one choice, not several{mixed}")
