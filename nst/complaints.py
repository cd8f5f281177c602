"""Hydra's errors -> one line that names the culprit and the nearest right answer, which Hydra does not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from nst import schema
from nst.errors import InputError, suggestion

MENDABLE = (InputError, HydraException, OmegaConfBaseException)  # exit status 2: the person can mend it


def one_line(error: BaseException) -> str:
    """The whole of `error` in a line."""
    if isinstance(error, InputError):
        return " ".join(str(error).split())
    if isinstance(error, OverrideParseException):
        return _unreadable(str(error.override))
    ambiguous = re.search(r"Ambiguous value for argument '([^']+)'", str(error))
    if ambiguous:
        name = quoted(ambiguous[1])
        return f"'{ambiguous[1]}' is more than one value; -m sweeps over them, a list is [in,brackets], a name {name}"
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        return _no_such_choice(error.missing_cfg_file, error.options)
    in_file = re.search(r"In '([^']+)': .*Key '([^']+)' not in '(\w+)'", " ".join(str(error).split()))
    if in_file:
        known = getattr(schema, in_file[3], schema.Config).__dataclass_fields__
        return f"conf {in_file[1]}: '{in_file[2]}' is unknown{suggestion(in_file[2], known)}"
    if "Config group override must be a string" in str(error):
        return "a group cannot be null; --help lists its choices"
    cause = next((item for item in _chain(error) if isinstance(item, OmegaConfBaseException)), None)
    if cause is not None and cause.full_key:
        return _about_key(cause)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} cannot be made or written ({error.strerror}); output.folder=... puts runs elsewhere"
    text = " ".join(str(error).split()) or "no reason given"
    return text if isinstance(error, (*MENDABLE, OSError)) else f"{type(error).__name__}: {text}"


def _unreadable(override: str) -> str:
    if "=" not in override:
        return f"'{override}' is no override: write key=value, without spaces; --help lists the keys"
    return (
        f"cannot read '{override}'; a value with commas, brackets, '=', '~' or letters beyond ASCII needs quotes "
        f"inside the shell's: {quoted(override)}"
    )


def quoted(override: str) -> str:
    """An override for a shell, its value quoted for Hydra too."""
    key, _, value = override.partition("=")
    return f"""'{key}="{value}"'"""


def _no_such_choice(file: str, options: Sequence[str]) -> str:
    for group in ("content", "style"):
        name = file.removeprefix(f"{group}/")
        if name != file and ("." in name or "/" in name):
            return f"there is no {group}={name}; a picture of your own is {group}.image={name}"
    group, _, name = file.rpartition("/")
    return f"there is no {group}={name}{suggestion(name, options)}"


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
