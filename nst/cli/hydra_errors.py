"""Hydra's errors, each as one line that names the culprit and the nearest right answer."""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from nst.errors import InputError, suggestion, unknown_key
from nst.runner import schema

INPUT_ERRORS = (InputError, HydraException, OmegaConfBaseException)  # exit status 2: the user can correct them


def one_line(error: BaseException) -> str:
    """Describe `error` in one line."""
    if isinstance(error, InputError):
        return " ".join(str(error).split())
    if isinstance(error, OverrideParseException):
        return _unreadable(str(error.override))
    ambiguous = re.search(r"Ambiguous value for argument '([^']+)'", str(error))
    if ambiguous:
        name = quoted(ambiguous[1])
        return f"'{ambiguous[1]}' has more than one value; use -m to sweep, [a,b] for a list, {name} for a name"
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        return _no_such_choice(error.missing_cfg_file, error.options)
    in_file = re.search(r"In '([^']+)': .*Key '([^']+)' not in '(\w+)'", " ".join(str(error).split()))
    if in_file:
        known = getattr(schema, in_file[3], schema.Config).__dataclass_fields__
        return f"conf {in_file[1]}: {unknown_key(in_file[2], known)}"
    if "Config group override must be a string" in str(error):
        return "a group cannot be null; --help lists its choices"
    cause = next((item for item in _chain(error) if isinstance(item, OmegaConfBaseException)), None)
    if cause is not None and cause.full_key:
        return _about_key(cause)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} cannot be created or written ({error.strerror}); choose another output.folder=..."
    text = " ".join(str(error).split()) or "no reason given"
    return text if isinstance(error, (*INPUT_ERRORS, OSError)) else f"{type(error).__name__}: {text}"


def show(error: BaseException, log_file: Path | None = None) -> int:
    """Print `error` as one line on stderr; return the exit status: 2 if the user can correct it, else 1.

    Args:
        error: the exception that ended the command or a run.
        log_file: the log with the traceback; None before a run begins.
    """
    before_the_job = (*INPUT_ERRORS, OSError, ValueError)  # raised while composing the config and creating the folder
    expected = isinstance(error, before_the_job if log_file is None else INPUT_ERRORS)
    where = f" (traceback: {log_file})" if log_file and not expected else ""
    print(f"nst: {one_line(error)}{where}", file=sys.stderr)  # noqa: T201
    return 2 if expected else 1


def guarded(command: Callable[[], int], expected: type[Exception] = Exception) -> int:
    """Return the exit status of `command()`: 130 after Ctrl-C, that of `show` after an `expected` error."""
    try:
        return command()
    except KeyboardInterrupt:
        return 130
    except expected as error:
        return show(error)


def _unreadable(override: str) -> str:
    if "=" not in override:
        return f"'{override}' is not an override: write key=value, without spaces; --help lists the keys"
    return (
        f"cannot read '{override}'; a value with commas, brackets, '=', '~' or non-ASCII letters needs quotes "
        f"inside the shell's quotes: {quoted(override)}"
    )


def quoted(override: str) -> str:
    """Quote an override for a shell, and its value for Hydra."""
    key, _, value = override.partition("=")
    return f"""'{key}="{value}"'"""


def _no_such_choice(file: str, options: Sequence[str]) -> str:
    for group in ("content", "style"):
        name = file.removeprefix(f"{group}/")
        if name != file and ("." in name or "/" in name):
            return f"there is no {group}={name}; for your own picture use {group}.image={name}"
    group, _, name = file.rpartition("/")
    return f"there is no {group}={name}{suggestion(name, options)}"


def _about_key(error: OmegaConfBaseException) -> str:
    """Describe an unknown key, with the nearest known one, or an invalid value."""
    if isinstance(error, ConfigKeyError | ConfigAttributeError):
        known = [str(key) for key in error.parent_node or () if not str(key).startswith("_") and key != "hydra"]
        return str(unknown_key(str(error.full_key), known, error.key))
    text = str(error.msg or error).splitlines()[0]
    chosen = re.search(r"Invalid value '([^']*)', expected one of \[([^\]]*)\]", text)
    if chosen:
        return f"{error.full_key}: '{chosen[1]}' is unknown{suggestion(chosen[1], chosen[2].split(', '))}"
    return f"{error.full_key}: {text}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
