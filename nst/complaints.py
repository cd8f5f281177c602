"""Hydra's errors -> one line that names the culprit and the nearest right answer, which Hydra does not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from nst import schema
from nst.errors import InputError, suggestion

MENDABLE = (InputError, HydraException, OmegaConfBaseException)  # exit status 2: the person can mend it
QUOTING = (
    "; a name with commas, brackets, '=' or letters beyond ASCII needs quotes inside the shell's: "
    """'content.image="a, b.jpg"'"""
)


def one_line(error: BaseException) -> str:
    """The whole of `error` in a line."""
    if isinstance(error, InputError):
        return " ".join(str(error).split())
    if isinstance(error, OverrideParseException):
        return f"cannot read the override '{error.override}'{QUOTING}"
    ambiguous = re.search(r"Ambiguous value for argument '([^']+)'", str(error))
    if ambiguous:
        return f"'{ambiguous[1]}' is more than one value; -m sweeps over them, a list is [in,brackets]{QUOTING}"
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        group, _, name = error.missing_cfg_file.rpartition("/")
        return f"there is no {group}={name}{suggestion(name, error.options)}"
    in_file = re.search(r"In '([^']+)': .*Key '([^']+)' not in '(\w+)'", " ".join(str(error).split()))
    if in_file:
        known = getattr(schema, in_file[3], schema.Config).__dataclass_fields__
        return f"conf {in_file[1]}: '{in_file[2]}' is unknown{suggestion(in_file[2], known)}"
    if "Config group override must be a string" in str(error):
        return "a group cannot be null; --help lists its choices"
    cause = next((item for item in _chain(error) if isinstance(item, OmegaConfBaseException)), None)
    if cause is not None and cause.full_key:
        return _about_key(cause)
    text = " ".join(str(error).split()) or "no reason given"
    return text if isinstance(error, (*MENDABLE, OSError)) else f"{type(error).__name__}: {text}"


def _about_key(error: OmegaConfBaseException) -> str:
    """An unknown key, with those beside it; or a value that does not fit."""
    if isinstance(error, ConfigKeyError | ConfigAttributeError):
        known = [str(key) for key in error.parent_node or () if not str(key).startswith("_") and key != "hydra"]
        return f"'{error.full_key}' is unknown{suggestion(error.key, known)}"
    text = str(error.msg or error).splitlines()[0]
    chosen = re.search(r"Invalid value '([^']*)', expected one of \[([^\]]*)\]", text)
    if chosen:
        return f"{error.full_key}: '{chosen[1]}' is unknown{suggestion(chosen[1], chosen[2].split(', '))}"
    return f"{error.full_key}: {text}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
