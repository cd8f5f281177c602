"""Hydra's errors -> one line that names the culprit and the nearest right answer, which Hydra does not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hydra import compose, initialize_config_dir
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nst.errors import InputError, suggestion

MENDABLE = (InputError, HydraException, OmegaConfBaseException)  # exit status 2: the person can mend it
QUOTING = """; a name with commas, brackets, spaces or '=' needs quotes inside the shell's: 'content.image="a, b.jpg"'"""


def one_line(error: BaseException, conf: str) -> str:
    """The whole of `error` in a line; `conf` is the folder of nst's own configs, to look for near names in."""
    if isinstance(error, OverrideParseException):
        return f"cannot read the override '{error.override}'{QUOTING}"
    ambiguous = re.search(r"Ambiguous value for argument '([^']+)'", str(error))
    if ambiguous:
        return f"'{ambiguous[1]}' is more than one value; -m sweeps over them, a list is [in,brackets]{QUOTING}"
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, name = error.missing_cfg_file.rpartition("/")
        return f"there is no {group}={name}{suggestion(name, error.options or [])}" if group else _joined(error)
    if isinstance(error, ConfigCompositionException | OmegaConfBaseException):
        return _about_key(error, conf)
    return _joined(error) if isinstance(error, (*MENDABLE, OSError)) else f"{type(error).__name__}: {_joined(error)}"


def _about_key(error: BaseException, conf: str) -> str:
    """Unknown keys and values of the wrong type."""
    text = _joined(error)
    cause = next((item for item in _chain(error) if isinstance(item, OmegaConfBaseException)), None)
    unknown = re.search(r"Could not override '([^']+)'|Key '([^']+)' (?:is )?not in|Could not find '([^']+)'", text)
    if unknown and "could not be converted" not in text and "Invalid value" not in text:
        key = next(part for part in unknown.groups() if part)
        if cause is not None and cause.full_key and "Could not override" not in text:
            key = cause.full_key
        return f"'{key}' is unknown{_nearest_key(key, conf)}"
    if cause is not None:
        first = str(cause.msg or cause).splitlines()[0]
        chosen = re.search(r"Invalid value '([^']*)', expected one of \[([^\]]*)\]", first)
        hint = suggestion(chosen[1], chosen[2].split(", ")) if chosen else ""
        return f"{cause.full_key}: {first}{hint}" if cause.full_key else first
    return text


def _nearest_key(key: str, conf: str) -> str:
    with initialize_config_dir(conf, version_base="1.3"):
        known = list(_keys(compose("config")))
    hint = suggestion(key, known)
    if "did you mean" in hint:
        return hint
    last = suggestion(key.rpartition(".")[2], {name.rpartition(".")[2] for name in known})
    return last if "did you mean" in last else "; --help lists what there is"


def _keys(config: DictConfig, prefix: str = "") -> Iterator[str]:
    for key in config:
        if str(key).startswith("_"):
            continue
        name = f"{prefix}{key}"
        yield name
        if not OmegaConf.is_missing(config, str(key)) and isinstance(config[key], DictConfig):
            yield from _keys(config[key], f"{name}.")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _joined(error: BaseException) -> str:
    return " ".join(str(error).split()) or "no reason given"
